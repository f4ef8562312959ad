"""Says the version and every public method of a Python client, as the client's own classes have them: one line of JSON."""

import importlib
import inspect
import json
import sys
from importlib.metadata import version


def of_class(made):
    return {
        f"{made.__name__}.{name}"
        for name, _ in inspect.getmembers(made, callable)
        if not name.startswith("_") and name in vars(made)
    }


def classes(package, *modules):
    for module in modules:
        for _, found in inspect.getmembers(importlib.import_module(f"{package}.{module}"), inspect.isclass):
            if found.__module__.startswith(package) and not issubclass(found, Exception):
                yield found


def qualtricsapi():
    found = classes("QualtricsAPI", "Setup", "JSON", "XM", "Library", "Users", "Survey")
    return set().union(*(of_class(one) for one in found))


def pytrics():
    return set().union(*(of_class(one) for one in classes("pytrics", "qualtrics_api.client")))


def qualtrics_helper():
    """Its classes are reached as parts of the client, under the parts' names."""
    from qualtrics_helper import Qualtrics

    client = Qualtrics(api_token="none")
    parts = {
        name: type(one)
        for name, one in vars(client).items()
        if type(one).__module__.startswith("qualtrics_helper.endpoints")
    }
    inner = {
        f"{name}.{method.partition('.')[2]}" for name, part in parts.items() for method in of_class(part)
    }
    return inner | of_class(Qualtrics)


STEMS = {
    "qualtricsapi": ("QualtricsAPI", qualtricsapi),
    "pytrics": ("pytrics", pytrics),
    "qualtrics_helper": ("qualtrics-helper", qualtrics_helper),
}

name, methods = STEMS[sys.argv[1]]
sys.stdout.write(json.dumps({"version": version(name), "methods": sorted(methods())}) + "\n")
