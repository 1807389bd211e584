"""Templates made at random from a seed: of every scope and shape, and a third of them with something wrong."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SCHEMAS = {
    "resourceGroup": "2019-04-01/deploymentTemplate.json#",
    "subscription": "2018-05-01/subscriptionDeploymentTemplate.json#",
    "managementGroup": "2019-08-01/managementGroupDeploymentTemplate.json#",
    "tenant": "2019-08-01/tenantDeploymentTemplate.json#",
}
OTHER_SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
DEFINITIONS = {
    "colour": {"type": "string", "allowedValues": ["red", "green"]},
    "size": {"type": "int", "minValue": 1, "maxValue": 9},
    "sized": {
        "type": "object",
        "properties": {"size": {"$ref": "#/definitions/size"}, "note": {"type": "string", "nullable": True}},
    },
    "tree": {"type": "object", "properties": {"next": {"$ref": "#/definitions/tree", "nullable": True}}},
    "pets": {"type": "array", "items": {"$ref": "#/definitions/pet"}, "maxLength": 3},
    "pet": {
        "type": "object",
        "discriminator": {
            "propertyName": "kind",
            "mapping": {
                "cat": {
                    "type": "object",
                    "properties": {"kind": {"type": "string", "allowedValues": ["cat"]}, "lives": {"type": "int"}},
                },
                "dog": {"type": "object", "properties": {"kind": {"type": "string", "allowedValues": ["dog"]}}},
            },
        },
    },
    "sealed": {"type": "object", "properties": {"a": {"type": "bool"}}, "additionalProperties": False},
    "pair": {"type": "array", "prefixItems": [{"type": "int"}, {"type": "string"}], "items": False},
}
GOOD = {
    "colour": "red",
    "size": 3,
    "sized": {"size": 2},
    "tree": {"next": {"next": None}},
    "pets": [{"kind": "cat", "lives": 9}, {"kind": "dog"}],
    "pet": {"kind": "dog"},
    "sealed": {"a": True},
    "pair": [1, "x"],
}
BAD = {
    "colour": ["blue", 1, None],
    "size": [0, 10, "3", None],
    "sized": [{"size": 0}, {}, {"size": 1, "note": 5}, []],
    "tree": [{"next": {"next": 1}}, "x"],
    "pets": [[{"kind": "cow"}], [{}], [{"kind": "dog"}] * 4, {}],
    "pet": [{"kind": "cow"}, {"lives": 1}, {"kind": "cat", "lives": "x"}, {"kind": 1}],
    "sealed": [{"a": True, "b": 1}, {"a": "x"}, {"b": None}],
    "pair": [[1], [1, 2], [1, "x", 2], ["x", "y"]],
}
VALUES: dict[str, list[Any]] = {
    "string": ["Contoso", "a-b", "", "x y'z", "[[not an expression]", "é"],
    "int": [0, 1, 3, -7, 12345678901],
    "bool": [True, False],
    "array": [[], [1, 2], ["a", "b", "c"], [{"k": 1}]],
    "object": [{}, {"k": 1, "Name": "n"}, {"list": [1, {"deep": True}]}],
    "securestring": ["hush"],
    "secureobject": [{"key": "hush"}],
}
WRONG: dict[str, Any] = {"string": 1, "int": "1", "bool": "true", "array": {}, "object": [], "securestring": 5}


@dataclass
class Made:
    """A generated template with the values of its parameters."""

    seed: int
    text: str
    parameters: dict[str, Any]
    scope: str


@dataclass
class Surrounding:
    """What expressions may name where they stand."""

    scope: str
    parameters: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    functions: dict[str, list[str]] = field(default_factory=dict)
    loops: list[str] = field(default_factory=list)
    is_in_resource_loop: bool = False
    resources: list[tuple[str, str | None, dict[str, Any]]] = field(default_factory=list)
    nested: list[tuple[str, list[str]]] = field(default_factory=list)
    may_refer: bool = False

    def inside(self, loop: str, *, of_resource: bool = False) -> "Surrounding":
        copy = Surrounding(**{**self.__dict__, "loops": [*self.loops, loop]})
        copy.is_in_resource_loop = self.is_in_resource_loop or of_resource
        return copy

    def calling(self) -> "Surrounding":
        """Without the functions: one in an argument of itself is a fault of its own."""
        return Surrounding(**{**self.__dict__, "functions": {}})

    def referring(self) -> "Surrounding":
        return Surrounding(**{**self.__dict__, "may_refer": True})


class Generator:
    """Makes one template from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.count = self.depth = 0
        self.fault: str | None = None
        if self.random.random() < 0.35:
            self.fault = self.random.choice(FAULTS)

    def make(self) -> Made:
        scope = self.random.choices(list(SCHEMAS), [6, 2, 1, 1])[0]
        template, given = self.template(scope, 0)
        if self.fault in TEMPLATE_FAULTS:
            TEMPLATE_FAULTS[self.fault](self, template)
        indent = self.random.choice([None, 2])
        return Made(self.seed, json.dumps(template, indent=indent), given, scope)

    # Names

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def broken(self, fault: str, probability: float = 0.5) -> bool:
        """Whether to put the fault of this template here."""
        if self.fault == fault and self.chance(probability):
            self.fault = None
            return True
        return False

    # A template

    def template(self, scope: str, depth: int, *, plain: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        """A template and the values of its parameters; a `plain` one has no expressions."""
        around = Surrounding(scope)
        is_symbolic = self.chance(0.4)
        made: dict[str, Any] = {"$schema": f"https://schema.management.azure.com/schemas/{SCHEMAS[scope]}"}
        made["contentVersion"] = "1.0.0.0"
        if is_symbolic:
            made["languageVersion"] = "2.0"
            made["definitions"] = DEFINITIONS
        given: dict[str, Any] = {}
        if not plain:
            made["functions"] = self.functions(around, is_symbolic)
            self.depth = depth
            made["parameters"] = self.parameters(around, given, is_symbolic)
            made["variables"] = self.variables(around)
        resources = [self.resource(around, depth, is_symbolic, plain) for _ in range(self.random.randint(1, 4))]
        flat = [one for group in resources for one in group]
        made["resources"] = dict(flat) if is_symbolic else [body for _, body in flat]
        if not plain:
            made["outputs"] = self.outputs(around)
        return made, given

    def functions(self, around: Surrounding, is_symbolic: bool) -> list[dict[str, Any]]:
        members: dict[str, Any] = {}
        for _ in range(self.random.randint(0, 2)):
            name = self.name("f")
            kinds = [self.random.choice(["string", "int", "array"]) for _ in range(self.random.randint(0, 2))]
            inner = Surrounding("function", {f"a{n}": kind for n, kind in enumerate(kinds)})
            result = self.random.choice(["string", "int", "object"])
            value = self.random.choice(MAKERS[result])(self, inner, 1)
            value = f"[{value}]"
            if self.broken("function result"):
                value = "[createArray()]"
            members[name] = {
                "parameters": [{"name": f"a{n}", "type": kind} for n, kind in enumerate(kinds)],
                "output": {"type": result, "value": value},
            }
            around.functions[f"ns.{name}:{result}"] = kinds
        return [{"namespace": "ns", "members": members}] if members else []

    def parameters(self, around: Surrounding, given: dict[str, Any], is_symbolic: bool) -> dict[str, Any]:
        declared: dict[str, Any] = {}
        for _ in range(self.random.randint(0, 4)):
            name = self.name("p")
            if is_symbolic and self.chance(0.4):
                self.typed_parameter(name, declared, given, around)
                continue
            kind = self.random.choice(list(VALUES))
            declared[name] = {"type": kind}
            value = self.random.choice(VALUES[kind])
            if self.broken("parameter type"):
                value = WRONG.get(kind, 1)
            if self.chance(0.5):
                declared[name]["defaultValue"] = value
                if kind in ("string", "int") and self.chance(0.5):
                    declared[name]["defaultValue"] = f"[{self.expression(kind, around, 2)}]"
                if self.broken("default"):
                    declared[name]["defaultValue"] = f"[{self.bad_expression(around)}]"
            else:
                given[name] = value
            around.parameters[name] = "secret" if kind.startswith("secure") else kind
        return declared

    def typed_parameter(self, name: str, declared: dict[str, Any], given: dict[str, Any], around: Surrounding) -> None:
        # the compiler, which reads the outermost template's parameters, dies of a type that holds itself
        kind = self.random.choice([kind for kind in GOOD if self.depth or kind != "tree"])
        declared[name] = {"$ref": f"#/definitions/{kind}"}
        value = self.random.choice(BAD[kind]) if self.broken("definition") else GOOD[kind]
        if value is not None and self.chance(0.5):
            declared[name]["defaultValue"] = value
        else:
            given[name] = value
        around.parameters[name] = str(DEFINITIONS[kind]["type"])

    def variables(self, around: Surrounding) -> dict[str, Any]:
        declared: dict[str, Any] = {}
        for _ in range(self.random.randint(0, 4)):
            name, kind = self.name("v"), self.random.choice(["string", "int", "array", "object", "bool"])
            if self.broken("variable"):
                declared[name] = f"[{self.bad_expression(around)}]"
            elif self.chance(0.2):
                loop = {
                    "name": name,
                    "count": self.random.randint(0, 3),
                    "input": self.value("object", around, 2, name),
                }
                declared.setdefault("copy", []).append(loop)
                kind = "array"
            else:
                declared[name] = self.value(kind, around, 2)
            around.variables[name] = kind
        return declared

    def outputs(self, around: Surrounding) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for _ in range(self.random.randint(0, 3)):
            name, kind = self.name("o"), self.random.choice(["string", "int", "array", "object", "bool"])
            output: dict[str, Any] = {"type": kind, "value": self.value(kind, around.referring(), 3)}
            if self.broken("output type"):
                output["value"] = WRONG[kind]
            elif self.broken("output expression"):
                output["value"] = f"[{self.bad_expression(around)}]"
            elif kind == "array" and self.chance(0.4):
                count = self.random.randint(0, 3)
                output = {"type": "array", "copy": {"count": count, "input": f"[{self.expression('int', around, 1)}]"}}
            if self.chance(0.2):
                output["condition"] = f"[{self.expression('bool', around, 1)}]"
            made[name] = output
        return made

    # Resources

    def resource(
        self, around: Surrounding, depth: int, is_symbolic: bool, plain: bool
    ) -> list[tuple[str, dict[str, Any]]]:
        if depth < 3 and not plain and self.chance(0.35):
            return [self.deployment(around, depth, is_symbolic)]
        symbol, kind = self.name("s"), self.random.choice(["things", "widgets"])
        body: dict[str, Any] = {"type": f"Microsoft.Contoso/{kind}", "apiVersion": "2024-01-01"}
        inner, name = around, self.name("r")
        body["name"] = name
        if not plain and self.chance(0.3):
            loop = self.name("loop")
            body["copy"] = self.copy(loop, around)
            inner = around.inside(loop, of_resource=True)
            index = self.random.choice(
                ["copyIndex()", f"copyIndex('{loop}')", "copyIndex(3)", f"copyIndex('{loop}',2)"]
            )
            body["name"] = f"[concat('{name}-',{index})]"
        elif not plain and self.chance(0.3):
            body["name"] = f"[format('{{0}}{{1}}','{name}',{self.expression('int', around, 1)})]"
        self.fill(body, inner, plain)
        self.depend(body, around, is_symbolic)
        if not plain:
            self.break_resource(body, inner)
        if self.chance(0.25) and not is_symbolic:
            body["resources"] = [self.child(inner, name, kind, plain) for _ in range(self.random.randint(1, 2))]
        made = [(symbol, body)]
        if "copy" not in body and not plain and self.chance(0.2):
            made.append((self.name("s"), self.extension(body, around)))
        if "copy" not in body and isinstance(body["name"], str) and not body["name"].startswith("["):
            around.resources.append((body["name"], symbol if is_symbolic else None, body.get("properties", {})))
        if is_symbolic and self.chance(0.15):
            made.append(
                (
                    self.name("s"),
                    {k: body[k] for k in ("type", "apiVersion") if k in body}
                    | {"existing": True, "name": self.name("e")},
                )
            )
        return made

    def fill(self, body: dict[str, Any], around: Surrounding, plain: bool) -> None:
        if self.chance(0.6):
            body["location"] = "westus" if plain or self.chance(0.5) else f"[{self.expression('string', around, 1)}]"
        if self.chance(0.2):
            body["tags"] = {"a": "b"} if plain else {"a": f"[{self.expression('string', around, 1)}]"}
        if self.chance(0.15):
            body["sku"] = {"name": "S1", "capacity": 1 if plain else f"[{self.expression('int', around, 1)}]"}
        if self.chance(0.15):
            body["zones"] = ["1", "2"]
        if self.chance(0.15):
            body["kind"] = "plain"
        if self.chance(0.1) and not plain:
            body["comments"] = "[nothing(to see)]"
        if not plain and self.chance(0.3):
            body["condition"] = self.random.choice([True, False, f"[{self.expression('bool', around, 2)}]"])
        if self.chance(0.8):
            body["properties"] = {"fixed": 5} if plain else self.properties(around.referring())

    def properties(self, around: Surrounding) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for _ in range(self.random.randint(0, 4)):
            made[self.name("q")] = self.value(self.random.choice(list(VALUES)[:5]), around, 3)
        for name in (name for name, kind in around.parameters.items() if kind == "secret" and self.chance(0.3)):
            made[self.name("q")] = self.random.choice([f"[parameters('{name}')]", f"[string(parameters('{name}'))]"])
        if self.chance(0.25):
            loop = self.name("c")
            made["copy"] = [
                {"name": loop, "count": self.random.randint(0, 3), "input": self.value("object", around, 2, loop)}
            ]
            if self.broken("nested copy"):
                made["copy"][0]["input"] = {"copy": [{"name": "x", "count": 1, "input": 1}]}
        return made

    def copy(self, name: str, around: Surrounding) -> dict[str, Any]:
        loop: dict[str, Any] = {"name": name, "count": self.random.randint(0, 3)}
        if self.chance(0.3):
            loop["count"] = f"[length({self.expression('array', around, 1)})]"
        if self.chance(0.3):
            loop |= {"mode": "serial", "batchSize": self.random.randint(1, 2)}
        if self.broken("copy mode"):
            loop["mode"] = "sideways"
        if self.broken("batch size"):
            loop |= {"mode": "parallel", "batchSize": 2}
        if self.broken("copy count"):
            loop["count"] = self.random.choice([-1, 801])
        return loop

    def depend(self, body: dict[str, Any], around: Surrounding, is_symbolic: bool) -> None:
        if around.resources and self.chance(0.3):
            name, symbol, _ = self.random.choice(around.resources)
            body["dependsOn"] = [symbol or name]

    def child(self, around: Surrounding, parent: str, kind: str, plain: bool) -> dict[str, Any]:
        body: dict[str, Any] = {"type": "parts", "apiVersion": "2024-01-01", "name": self.name("k")}
        self.fill(body, around, plain)
        body.pop("condition", None)
        if self.broken("child name"):
            body["name"] = "a/b"
        if self.chance(0.2):
            body["resources"] = [{"type": "bits", "apiVersion": "2024-01-01", "name": self.name("b")}]
        return body

    def extension(self, body: dict[str, Any], around: Surrounding) -> dict[str, Any]:
        made = {"type": "Microsoft.Authorization/locks", "apiVersion": "2020-05-01", "name": self.name("l")}
        if around.scope == "resourceGroup" and isinstance(body["name"], str) and not body["name"].startswith("["):
            written = f"{body['type']}/{body['name']}"
            made["scope"] = self.random.choice([written, f"[resourceId('{body['type']}','{body['name']}')]"])
        made["properties"] = {"level": "CanNotDelete"}  # type: ignore[assignment]
        return made

    def break_resource(self, body: dict[str, Any], around: Surrounding) -> None:
        if self.broken("segments"):
            body["name"] = self.random.choice(["a/b", "a/b/c"])
        elif self.broken("api version"):
            del body["apiVersion"]
        elif self.broken("resource expression"):
            body["properties"] = {"wrong": f"[{self.bad_expression(around)}]"}
        elif self.broken("reference in its place"):
            part = self.random.choice(["location", "condition", "name", "kind"])
            body[part] = "[reference('x').y]"
        elif self.broken("loop that is not there"):
            body["properties"] = {"wrong": "[copyIndex('nowhere')]"}
        elif around.functions and self.broken("function of itself"):
            body["properties"] = {"wrong": f"[{self.of_itself(around)}]"}
        elif self.broken("condition"):
            body["condition"] = "[add(1,'x')]"

    def of_itself(self, around: Surrounding) -> str:
        """A function with a call of itself in an argument, or without arguments."""
        name, kinds = self.random.choice(list(around.functions.items()))
        function = name.partition(":")[0]
        inner = ",".join(self.expression(kind, around.calling(), 0) for kind in kinds)
        return f"{function}({','.join(f'string({function}({inner}))' for _ in kinds)})"

    # Deployments

    def deployment(self, around: Surrounding, depth: int, is_symbolic: bool) -> tuple[str, dict[str, Any]]:
        symbol, name = self.name("d"), self.name("n")
        body: dict[str, Any] = {"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": name}
        inner_scope = self.place(body, around.scope)
        is_outer = self.chance(0.2) and not is_symbolic
        template, given = self.template(inner_scope, depth + 1, plain=is_outer)
        if is_outer and template["resources"] and self.chance(0.7):
            first = (
                next(iter(template["resources"].values()))
                if isinstance(template["resources"], dict)
                else template["resources"][0]
            )
            first["properties"] = {"outer": f"[{self.expression('string', around, 1)}]"}
        properties: dict[str, Any] = {"mode": "Incremental", "template": template}
        if self.broken("outer scope") and is_symbolic:
            properties["expressionEvaluationOptions"] = {"scope": "outer"}
        elif not is_outer or self.chance(0.5):
            properties["expressionEvaluationOptions"] = {"scope": "outer" if is_outer else "inner"}
        if self.broken("evaluation scope"):
            properties["expressionEvaluationOptions"] = {"scope": "sideways"}
        values = {key: {"value": self.handed(key, value, template, around)} for key, value in given.items()}
        if self.broken("missing parameter") and values:
            values.pop(next(iter(values)))
        if self.broken("unknown parameter"):
            values["unheard"] = {"value": 1}
        if values:
            properties["parameters"] = values
        body["properties"] = properties
        if self.chance(0.15):
            body["condition"] = self.random.choice([False, f"[{self.expression('bool', around, 1)}]"])
        elif not is_outer:
            key = symbol if is_symbolic else name
            if "resourceGroup" not in body and "subscriptionId" not in body and "scope" not in body:
                outputs = template.get("outputs", {})
                around.nested.append(
                    (key, [o for o, d in outputs.items() if d["type"] == "string" and "condition" not in d])
                )
        return symbol, body

    def handed(self, name: str, value: Any, template: dict[str, Any], around: Surrounding) -> Any:
        """A parameter's value for a nested template, sometimes one that is not known before it is deployed."""
        kind = template["parameters"][name].get("type")
        if kind in ("string", "int") and self.chance(0.4):
            return f"[{self.expression(kind, around.referring(), 2)}]"
        if kind in ("string", "int", "object", "array") and around.resources and self.chance(0.3):
            reference = self.reference(around, "unknown")
            if kind in ("string", "int"):
                return f"[{reference}]"
            return {"a": 1, "b": f"[{reference}]"} if kind == "object" else [1, f"[{reference}]"]
        return self.escaped(value)

    def escaped(self, value: Any) -> Any:
        return value

    def place(self, body: dict[str, Any], scope: str) -> str:
        """Where a nested deployment goes; answers the scope of its template."""
        there = self.random.choices(["here", "group", "subscription", "tenant", "managementGroup"], [5, 2, 2, 1, 1])[0]
        result = scope
        if there == "group":
            body["resourceGroup"], result = self.random.choice(["rg-other", "RG-Third"]), "resourceGroup"
            if scope in ("managementGroup", "tenant") or self.chance(0.3):
                body["subscriptionId"] = OTHER_SUBSCRIPTION
        elif there == "subscription":
            body["subscriptionId"], result = OTHER_SUBSCRIPTION, "subscription"
        elif there == "tenant" and scope != "managementGroup":
            body["scope"], result = "/", "tenant"
        elif there == "managementGroup":
            body["scope"] = "/providers/Microsoft.Management/managementGroups/mg-other"
            result = "managementGroup"
        if result != "resourceGroup" and not self.broken("no location"):
            body["location"] = "westus2"
        if result == "resourceGroup" and self.broken("too much location"):
            body["location"] = "westus2"
        return result

    # Values and expressions

    def value(self, kind: str, around: Surrounding, depth: int, loop: str | None = None) -> Any:
        """A JSON value with expressions in it."""
        if loop is not None:
            inside = around.inside(loop)
            return {"i": f"[copyIndex('{loop}')]", "v": f"[{self.expression('string', inside, depth)}]"}
        if self.chance(0.7):
            return f"[{self.expression(kind, around, depth)}]"
        if kind == "object" and depth:
            return {self.name("k"): self.value(self.random.choice(["string", "int"]), around, depth - 1)}
        if kind == "array" and depth:
            return [self.value("string", around, depth - 1) for _ in range(self.random.randint(0, 2))]
        return self.random.choice(VALUES[kind])

    def expression(self, kind: str, around: Surrounding, depth: int) -> str:
        """An expression of that type, without the brackets."""
        choices = self.leaves(kind, around)
        if depth > 0:
            choices += [lambda maker=maker: maker(self, around, depth - 1) for maker in MAKERS[kind]]
        return self.random.choice(choices)()

    def leaves(self, kind: str, around: Surrounding) -> list[Callable[[], str]]:
        found: list[Callable[[], str]] = [lambda: literal(self.random.choice(VALUES[kind]))]
        for name, of in around.parameters.items():
            if of == kind:
                found += [lambda name=name: f"parameters('{name}')"] * 2
        for name, of in around.variables.items():
            if of == kind:
                found += [lambda name=name: f"variables('{name}')"] * 2
        for name, kinds in around.functions.items():
            function, _, result = name.partition(":")
            if result == kind:
                found.append(
                    lambda f=function, k=kinds: (
                        f"{f}({','.join(self.expression(one, around.calling(), 0) for one in k)})"
                    )
                )
        if kind == "int" and around.loops:
            found += [lambda: f"copyIndex('{self.random.choice(around.loops)}')"]
        if kind == "int" and around.is_in_resource_loop:
            found.append(lambda: "copyIndex()")
        if kind == "string":
            found += self.scope_leaves(around)
        if kind == "string" and around.may_refer:
            found += self.references(around)
        return found

    def references(self, around: Surrounding) -> list[Callable[[], str]]:
        """What asks for resources and nested deployments of the same template."""
        found: list[Callable[[], str]] = []
        if around.resources:
            found.append(lambda: f"string({self.reference(around, self.random.choice(['fixed', 'unknown']))})")
        if around.nested:
            name, outputs = self.random.choice(around.nested)
            if outputs:
                found.append(lambda: f"reference('{name}').outputs.{self.random.choice(outputs)}.value")
        return found

    def scope_leaves(self, around: Surrounding) -> list[Callable[[], str]]:
        if around.scope == "function":
            return [lambda: "deployment().name"]
        names = ["deployment().name", "tenant().tenantId", "tenantResourceId('A.B/c','d')"]
        if around.scope == "resourceGroup":
            names += ["resourceGroup().name", "resourceGroup().id", "resourceId('A.B/c','d')", "subscription().id"]
            names += [
                "resourceGroup().location",
                "resourceId('rg2','A.B/c','d')",
                "subscriptionResourceId('A.B/c','d')",
            ]
        if around.scope == "subscription":
            names += ["subscription().subscriptionId", "subscriptionResourceId('A.B/c','d')", "deployment().location"]
        if around.scope == "managementGroup":
            names += ["managementGroup().name", "managementGroup().id", "deployment().location"]
        return [lambda name=name: name for name in names]

    def reference(self, around: Surrounding, of: str) -> str:
        """A reference to a resource of the template: to what it is given, or to what only its provider knows."""
        name, symbol, properties = self.random.choice(around.resources)
        plain = [key for key, value in properties.items() if key != "copy" and not isinstance(value, list | dict)]
        chosen = self.random.choice(plain) if plain and of == "fixed" else self.name("unknown")
        return f"reference('{symbol or name}').{chosen}"

    def bad_expression(self, around: Surrounding) -> str:
        return self.random.choice(
            [
                "variables('nowhere')",
                "parameters('nowhere')",
                "add(1,'x')",
                "concat('a',createArray())",
                "length(5)",
                "createObject('a')",
                "first(1)",
                "createArray(1)[3]",
                "createObject('a',1).b",
                "substring('abc',2,9)",
                "ns.nowhere('x')",
                "concat('a'",
                "concat('a'),'b'",
                "if('x',1,2)",
                "int('x')",
                "json('{')",
                "resourceId('A.B/c')",
                "resourceId('A.B/c/d','x')",
                "format('{0}')",
                "utcNow()",
                "div(1,0)",
                "split('a')",
                "copyIndex('nowhere')",
                "union(createArray(1),createObject())",
                "parameters(1)",
                "[x",
            ]
        )


def literal(value: Any) -> str:
    """A value as an expression."""
    match value:
        case bool():
            return "true()" if value else "false()"
        case str():
            return "'" + value.replace("'", "''").removeprefix("[") + "'"
        case list():
            return f"createArray({','.join(map(literal, value))})"
        case dict():
            return f"createObject({','.join(f'{literal(k)},{literal(v)}' for k, v in value.items())})"
    return str(value)


Maker = Callable[[Generator, Surrounding, int], str]


def call(pattern: str, *kinds: str) -> Maker:
    """A maker of a call: `{}` stand for arguments of those types."""
    return lambda g, around, depth: pattern.format(*(g.expression(kind, around, depth) for kind in kinds))


MAKERS: dict[str, list[Maker]] = {
    "string": [
        call("concat({},{})", "string", "string"),
        call("toLower({})", "string"),
        call("format('{{0}}-{{1}}',{},{})", "string", "int"),
        call("if({},{},{})", "bool", "string", "string"),
        call("uniqueString({})", "string"),
        call("guid({},{})", "string", "string"),
        call("string({})", "int"),
        call("replace({},'a','b')", "string"),
        call("coalesce({},{})", "string", "string"),
        call("take({},3)", "string"),
        call("base64({})", "string"),
        call("string({})", "object"),
        call("padLeft({},12,'0')", "string"),
        call("join(createArray({},{}),',')", "string", "string"),
        call("toUpper(trim({}))", "string"),
    ],
    "int": [
        call("add({},{})", "int", "int"),
        call("length({})", "array"),
        call("length({})", "string"),
        call("length({})", "object"),
        call("if({},{},{})", "bool", "int", "int"),
        call("max({},{})", "int", "int"),
        call("mod({},7)", "int"),
        call("indexOf({},'a')", "string"),
        call("coalesce(null(),{})", "int"),
    ],
    "bool": [
        call("equals({},{})", "string", "string"),
        call("and({},{})", "bool", "bool"),
        call("or({},{})", "bool", "bool"),
        call("not({})", "bool"),
        call("empty({})", "array"),
        call("contains({},'k')", "object"),
        call("greater({},{})", "int", "int"),
        call("startsWith({},'a')", "string"),
        call("equals({},{})", "object", "object"),
    ],
    "array": [
        call("createArray({},{})", "string", "int"),
        call("concat({},{})", "array", "array"),
        call("union({},{})", "array", "array"),
        call("take({},2)", "array"),
        call("skip({},1)", "array"),
        call("split({},',')", "string"),
        call("range(0,3)"),
        call("if({},{},{})", "bool", "array", "array"),
        call("items({})", "object"),
        call("array({})", "int"),
        call("map({},lambda('x',createObject('v',lambdaVariables('x'))))", "array"),
        call("filter({},lambda('x',not(equals(lambdaVariables('x'),1))))", "array"),
    ],
    "object": [
        call("createObject('a',{},'b',{})", "string", "int"),
        call("union({},{})", "object", "object"),
        call("if({},{},{})", "bool", "object", "object"),
        call("coalesce({},{})", "object", "object"),
        call("createObject('list',{})", "array"),
        call("json(string({}))", "object"),
        call("toObject(range(0,2),lambda('x',string(lambdaVariables('x'))),lambda('x',{}))", "string"),
        call("shallowMerge(createArray({},{}))", "object", "object"),
    ],
}


def _drop(name: str) -> Callable[[Generator, dict[str, Any]], None]:
    return lambda _, template: template.pop(name, None) and None


def _circle(generator: Generator, template: dict[str, Any]) -> None:
    template.setdefault("variables", {}).update({"va": "[variables('vb')]", "vb": "[concat('x',variables('va'))]"})


TEMPLATE_FAULTS: dict[str, Callable[[Generator, dict[str, Any]], None]] = {"circle": _circle}
FAULTS = [
    *TEMPLATE_FAULTS,
    "function result",
    "parameter type",
    "default",
    "definition",
    "variable",
    "output type",
    "output expression",
    "nested copy",
    "copy mode",
    "batch size",
    "copy count",
    "child name",
    "segments",
    "api version",
    "resource expression",
    "reference in its place",
    "loop that is not there",
    "condition",
    "function of itself",
    "evaluation scope",
    "missing parameter",
    "outer scope",
    "unknown parameter",
    "no location",
    "too much location",
]
