"""Who may call, and what everybody gets in the answer's headers."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.emulator.arm.running import GROUP_PATH, Arm, token


@pytest.mark.parametrize("audience", ["https://management.azure.com/", "https://management.core.windows.net/"])
async def test_every_spelling_of_the_audience_is_taken(arm: Arm, audience: str) -> None:
    headers = {"Authorization": f"Bearer {token(arm.certificates, aud=audience)}"}

    status, _ = await arm.request("GET", GROUP_PATH, headers=headers)

    assert status == 200


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "https://storage.azure.com"}, "InvalidAuthenticationTokenAudience"),
        ({"exp": int(time.time()) - 60}, "ExpiredAuthenticationToken"),
        ({"tid": "11111111-0000-0000-0000-000000000000"}, "InvalidAuthenticationTokenTenant"),
    ],
)
async def test_a_token_for_something_else_is_refused(arm: Arm, claims: dict[str, object], code: str) -> None:
    headers = {"Authorization": f"Bearer {token(arm.certificates, **claims)}"}

    status, answer = await arm.request("GET", GROUP_PATH, headers=headers)

    assert (status, answer["error"]["code"]) == (401, code)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "AuthenticationFailed"),
        ("Basic abc", "AuthenticationFailedInvalidHeader"),
        ("Bearer abc", "InvalidAuthenticationToken"),
    ],
)
async def test_no_token_is_refused_with_a_challenge(arm: Arm, authorization: str, code: str) -> None:
    url = f"{arm.url}{GROUP_PATH}?api-version=2022-09-01"

    async with arm.http.get(url, headers={"Authorization": authorization}) as response:
        answer, challenge = await response.json(), response.headers["WWW-Authenticate"]

    assert (response.status, answer["error"]["code"]) == (401, code)
    assert challenge.startswith('Bearer authorization_uri="https://login.microsoftonline.com/')


async def test_a_token_of_another_key_is_refused(arm: Arm) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode({"aud": "https://management.azure.com", "exp": time.time() + 60}, stranger, algorithm="RS256")

    status, answer = await arm.request("GET", GROUP_PATH, headers={"Authorization": f"Bearer {forged}"})

    assert (status, answer["error"]["code"]) == (401, "InvalidAuthenticationToken")


async def test_an_unsigned_token_is_refused(arm: Arm) -> None:
    unsigned = jwt.encode({"aud": "https://management.azure.com", "exp": time.time() + 60}, "", algorithm="none")

    status, _ = await arm.request("GET", GROUP_PATH, headers={"Authorization": f"Bearer {unsigned}"})

    assert status == 401


async def test_the_metadata_is_for_everybody(arm: Arm) -> None:
    told = {"headers": {"Authorization": ""}, "params": {"api-version": "2022-09-01"}}

    status, cloud = await arm.request("GET", "/metadata/endpoints", **told)

    assert status == 200
    assert (cloud["name"], cloud["resourceManager"]) == ("AzureCloud", arm.url)


async def test_the_metadata_of_older_versions_lists_all_clouds(arm: Arm) -> None:
    status, clouds = await arm.request("GET", "/metadata/endpoints", params={"api-version": "2020-06-01"})

    assert status == 200
    assert [cloud["name"] for cloud in clouds] == ["AzureCloud", "AzureChinaCloud", "AzureUSGovernment"]


@pytest.mark.parametrize(("version", "code"), [("", "MissingApiVersionParameter"), ("x", "InvalidApiVersionParameter")])
async def test_a_request_names_its_version(arm: Arm, version: str, code: str) -> None:
    status, answer = await arm.request("GET", GROUP_PATH, params={"api-version": version})

    assert (status, answer["error"]["code"]) == (400, code)


async def test_answers_carry_ids_dates_and_what_is_left_of_the_budget(arm: Arm) -> None:
    headers = {"x-ms-correlation-request-id": "mine"}

    async with arm.http.get(f"{arm.url}{GROUP_PATH}?api-version=2022-09-01", headers=headers) as response:
        received = response.headers

    assert received["x-ms-correlation-request-id"] == "mine"
    assert {"x-ms-request-id", "x-ms-routing-request-id", "Date"} <= received.keys()
    assert 200 < int(received["x-ms-ratelimit-remaining-subscription-reads"]) < 250


async def test_the_request_log_holds_paths_and_never_a_query_or_a_body(arm: Arm) -> None:
    body = {"properties": {"mode": "Incremental", "parameters": {"x": {"value": "hidden"}}}, "tags": {"attempt": "2"}}
    path = f"{GROUP_PATH}/providers/Microsoft.Resources/deployments/main"

    await arm.request("PUT", path, body, params={"sig": "hidden"})

    *_, last = [json.loads(line) for line in (arm.folder / "requests.log").read_text().splitlines()]
    assert (last["method"], last["path"], last["status"]) == ("PUT", path, 400)
    assert (last["name"], last["tags"]) == ("main", {"attempt": "2"})
    assert "hidden" not in (arm.folder / "requests.log").read_text()


@pytest.mark.parametrize(
    ("claims", "code", "told"),
    [
        ({"nbf": int(time.time()) + 600}, "InvalidAuthenticationToken", "The access token is invalid."),
        (
            {"aud": "https://management.usgovcloudapi.net"},
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource 'https://management.usgovcloudapi.net'.",
        ),
        (
            {"tid": "11111111-0000-0000-0000-000000000000"},
            "InvalidAuthenticationTokenTenant",
            "The access token is from the wrong issuer 'https://sts.windows.net/11111111-0000-0000-0000-000000000000/'.",
        ),
    ],
)
async def test_a_refused_token_is_told_why(arm: Arm, claims: dict[str, object], code: str, told: str) -> None:
    headers = {"Authorization": f"Bearer {token(arm.certificates, **claims)}"}

    status, answer = await arm.request("GET", GROUP_PATH, headers=headers)

    assert (status, answer["error"]["code"]) == (401, code)
    assert answer["error"]["message"].startswith(told)
