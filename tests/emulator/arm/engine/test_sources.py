"""Where templates and secrets come from: template specs, relative links three deep, key vaults."""

from typing import Any

import pytest

from emulator.arm.behaviours import Surroundings
from emulator.arm.caller import Caller
from emulator.arm.engine.secrets import secret_of
from emulator.arm.errors import ArmError
from emulator.arm.identifiers import ResourceId
from emulator.arm.models import Resource
from tests.emulator.arm.engine.preparing import GROUP, Files, preparation, request, surroundings
from tests.emulator.arm.running import linked, resource, template

SPEC = GROUP.resource("Microsoft.Resources/templateSpecs/versions", "spec/1.0")
VAULT = GROUP.resource("Microsoft.KeyVault/vaults", "kv")
NOBODY = Caller("00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b", "tenant")


def world_with(resource_id: ResourceId, properties: dict[str, Any]) -> Surroundings:
    world = surroundings()
    found = Resource(id=resource_id, api_version="2022-02-01", document={"properties": properties})
    world.state.put_resource(found)
    return world


def spec(**linked_templates: Any) -> Surroundings:
    artifacts = [{"path": f"{name}.json", "template": content} for name, content in linked_templates.items()]
    main = template(linked("child", {"relativePath": "child.json"}), resource("a"))
    return world_with(SPEC, {"mainTemplate": main, "linkedTemplates": artifacts})


async def prepared_from(world: Surroundings, link: dict[str, Any]) -> list[str]:
    prepared = await preparation(world=world).prepare_root(request(None, templateLink=link))
    return [instance.name for instance in prepared.resources()]


async def test_a_template_spec_is_deployed_by_its_id_with_what_it_links() -> None:
    world = spec(child=template(resource("b")))

    assert await prepared_from(world, {"id": str(SPEC)}) == ["b", "a"]


async def test_a_template_that_the_spec_does_not_hold_is_refused() -> None:
    with pytest.raises(ArmError, match=r"InvalidTemplateLink: .* holds no template 'child.json'"):
        await prepared_from(spec(), {"id": str(SPEC)})


async def test_a_template_spec_that_is_not_there_is_refused() -> None:
    with pytest.raises(ArmError, match="ResourceNotFound"):
        await prepared_from(surroundings(), {"id": str(SPEC)})


async def test_the_query_string_of_the_root_reaches_relative_links_three_deep() -> None:
    files = Files(
        main=template(linked("one", {"relativePath": "one.json"})),
        one=template(linked("two", {"relativePath": "two.json"})),
        two=template(linked("three", {"relativePath": "three.json"})),
        three=template(resource("a")),
    )
    link = {"uri": "https://files.example/main.json", "queryString": "sv=1&sig=hush"}

    prepared = await preparation(files).prepare_root(request(None, templateLink=link))

    names = ("main", "one", "two", "three")
    assert files.asked == [f"https://files.example/{name}.json?sv=1&sig=hush" for name in names]
    assert [instance.name for instance in prepared.resources()] == ["a"]


@pytest.mark.parametrize(
    ("properties", "code", "reason"),
    [
        (None, "KeyVaultParameterReferenceNotFound", "could not be found"),
        ({}, "KeyVaultParameterReferenceSecretRetrieveFailed", "Http status code: 'Forbidden'"),
        (
            {"enabledForTemplateDeployment": True},
            "KeyVaultParameterReferenceAuthorizationFailed",
            "does not have permission to perform action 'Microsoft.KeyVault/vaults/deploy/action'",
        ),
    ],
)
def test_a_vault_that_may_not_be_read_is_told(properties: dict[str, Any] | None, code: str, reason: str) -> None:
    world = surroundings() if properties is None else world_with(VAULT, properties)

    with pytest.raises(ArmError, match=reason) as raised:
        secret_of(world.state, NOBODY, "p", {"keyVault": {"id": str(VAULT)}, "secretName": "s"})

    assert raised.value.code == code


def test_a_secret_that_is_not_there_is_told_with_its_version() -> None:
    world = world_with(VAULT, {"enabledForTemplateDeployment": True})
    reference = {"keyVault": {"id": str(VAULT)}, "secretName": "s", "secretVersion": "v1"}

    with pytest.raises(ArmError, match=r"A secret with \(name/id\) s/v1 was not found in this key vault") as raised:
        secret_of(world.state, None, "p", reference)

    assert raised.value.code == "KeyVaultParameterReferenceSecretRetrieveFailed"
