"""Checks of one peer: each is run by itself, and what became of them is printed as one JSON object."""
import json
import traceback

_CHECKS = []


def check(function):
    """Marks a function as a check; it fails by raising."""
    _CHECKS.append(function)
    return function


def run(*arguments):
    """Runs the checks in order and prints {name: null, or what went wrong}."""
    results = {}
    for function in _CHECKS:
        try:
            function(*arguments)
            results[function.__name__] = None
        except BaseException:  # gevent's and grpc's are no Exceptions everywhere
            results[function.__name__] = traceback.format_exc(limit=-3)
    print(json.dumps(results))


def fails(call, *texts):
    """Calls something that must fail, with these texts in its message."""
    try:
        call()
    except Exception as error:
        message = str(error)
        missing = [text for text in texts if text not in message]
        assert not missing, f"{missing} is not in: {message}"
        return
    raise AssertionError("did not fail")
