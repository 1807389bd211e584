"""The hashes that Bicep notes in what it compiles, and ours of the same templates."""

from pathlib import Path

from emulator.arm.engine.template_hash import template_hash
from tests.conformance.template_engine import Engine
from tests.figures import Figures

SOURCES = (
    "",
    "output x string = 'a'",
    "@description('d')\n@allowed(['a','b'])\n@minLength(1)\nparam p string = 'a'",
    "param p string = 'Straße é'\nvar x = { b: 1, a: [true, null, p] }\noutput o object = x",
    "func f(a string) string => 'x${a}'\noutput o string = f('a')",
    "type q = { a: string, b: int? }\nparam p q\noutput o q = p",
    "type q = int\n@description('x')\nparam p q[]?",
    "@export()\n@description('x')\ntype q = {\n @description('d')\n a: string\n *: int\n}",
    "@minValue(1)\n@maxValue(3)\nparam b int = 2\noutput many array = [for i in range(0, b): i]",
    "metadata name = 'N'\n@description('d')\noutput o string = 'a'",
    "param n string\nresource t 'A.B/c@2023-01-01' = [for i in range(0, 2): if (n == 'x') { name: '${n}${i}' }]",
    """resource t 'A.B/c@2023-01-01' = { name: 'n', dependsOn: [y] }
    resource y 'A.B/c@2023-01-01' = { name: 'm', location: 'x', tags: { b: 'c' }, properties: {}, zones: ['1'] }""",
    """resource t 'Microsoft.Authorization/locks@2020-05-01' = { name: 'n', scope: y, properties: { level: 'x' } }
    resource y 'A.B/c@2023-01-01' = { name: 'm', identity: {}, plan: {}, sku: {}, kind: 'x' }""",
    "type q = int\nresource y 'A.B/c@2023-01-01' existing = { name: 'm', scope: resourceGroup('a') }",
    "module m 'module.bicep' = if (1 == 2) { name: 'm', scope: resourceGroup('other') }",
)


def test_compiled_templates_have_the_hash_that_is_noted_in_them(shared: Path, tmp_path: Path, figures: Figures) -> None:
    engine = Engine(shared / "tools" / "bicep", tmp_path / "engine")
    (tmp_path / "module.bicep").write_text("output x string = 'a'")
    differing: dict[str, str] = {}

    for number, text in enumerate(SOURCES):
        source = tmp_path / f"{number}.bicep"
        source.write_text(text)
        template = engine.compiled(source)
        noted = template["metadata"]["_generator"].pop("templateHash")
        if template_hash(template) != noted:
            differing[text] = noted
    engine.close()

    figures(f"template hashes: {len(SOURCES) - len(differing)} of {len(SOURCES)} are those that Bicep noted")
    assert differing == {}
