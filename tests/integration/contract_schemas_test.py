#!/usr/bin/python3
"""Every golden sample of config/contract is valid by its schema, every refused one is not, and asyncapi.yaml tells of all of them.

Needs python3-jsonschema and python3-yaml. Exit status 0 when all is as it should be; else whatever is not is named.
"""
import sys

from tests.support.contract_schemas import CONTRACT, SCHEMA_OF, asyncapi, load, validators

RETAINED = {"up/online", "up/status", "up/meta"}


def resolved(document, node):
    """What a $ref inside the document means."""
    while "$ref" in node:
        found = document
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        node = found
    return node


def wrong_in_asyncapi(document):
    """Channels, schemas and samples: none is missing, none too many, and what is retained is told so."""
    seen, samples = {}, set()
    for channel in document["channels"].values():
        messages = [resolved(document, message) for message in channel["messages"].values()]
        seen[channel["address"].removeprefix("congto/v1/{agent}/")] = {message["payload"]["$ref"] for message in messages}
        samples |= {example["payload"]["$ref"] for message in messages for example in message["examples"]}
    if seen != {topic: {f"{schema}.schema.json"} for topic, schema in SCHEMA_OF.items()}:
        yield f"asyncapi.yaml: channels and schemas are {seen}"
    there = {f"samples/{file.name}" for file in (CONTRACT / "samples").glob("*.json")}
    if samples != there:
        yield f"asyncapi.yaml: the examples and the samples differ in {sorted(samples ^ there)}"
    for name, operation in document["operations"].items():
        topic = resolved(document, operation["channel"])["address"].removeprefix("congto/v1/{agent}/")
        mqtt = operation["bindings"]["mqtt"]
        if mqtt["qos"] != 1 or mqtt["retain"] != (topic in RETAINED) or (operation["action"] == "send") != topic.startswith("up/"):
            yield f"asyncapi.yaml: {name} on {topic} has {operation['action']}, {mqtt}"
    if len(document["operations"]) != len(SCHEMA_OF):
        yield f"asyncapi.yaml: {len(document['operations'])} operations for {len(SCHEMA_OF)} topics"


def main():
    by_name = validators()
    wrong = list(wrong_in_asyncapi(asyncapi()))
    valid = sorted((CONTRACT / "samples").glob("*.json"))
    refused = sorted((CONTRACT / "samples" / "refused").glob("*.json"))
    for file in valid + refused:
        # batch-start.json is checked by batch.schema.json.
        errors = list(by_name[file.stem.split("-")[0]].iter_errors(load(file)))
        if errors and file in valid:
            wrong.append(f"{file.name}: {errors[0].json_path}: {errors[0].message}")
        if not errors and file in refused:
            wrong.append(f"refused/{file.name}: valid by the schema")
    if len(valid) < 15 or len(refused) < 10:
        wrong.append(f"only {len(valid)} samples and {len(refused)} refused ones in {CONTRACT}")
    print("\n".join(wrong) or f"{len(valid)} samples are valid, {len(refused)} are refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
