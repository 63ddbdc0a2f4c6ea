"""Python environments: the harness's own, with NumPy, and the peers', with pinned
versions (requirements.txt) in a virtual environment that is made on first use."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

BENCHMARKS = pathlib.Path(__file__).resolve().parent.parent
REQUIREMENTS = BENCHMARKS / "requirements.txt"


# Where scripts/build builds.
BUILD = BENCHMARKS.parent / "build" / "release"


class CannotSetUp(Exception):
    pass


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def default_folder() -> pathlib.Path:
    cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(cache) / "attention-opt" / "benchmarks-venv"


def find_runner(folder: pathlib.Path, wanted: bool = True) -> pathlib.Path:
    """attention-runner, built if it is missing from the project's own build."""
    runner = folder.resolve() / "bin" / "attention-runner"
    if wanted and not runner.exists() and folder == BUILD:
        script = BENCHMARKS.parent / "scripts" / "build"
        say(f"benchmarks: {runner} does not exist yet; {script} attention-runner")
        subprocess.run([str(script), "attention-runner"], stdout=sys.stderr)
    return runner


def find_base_python() -> str:
    """A Python that can make virtual environments; Debian's needs python3-venv."""
    for candidate in dict.fromkeys([sys.executable, shutil.which("python3"), "/usr/bin/python3"]):
        if candidate and subprocess.run([candidate, "-c", "import venv, ensurepip"],
                                        capture_output=True).returncode == 0:
            return candidate
    raise CannotSetUp("no Python here makes virtual environments (Debian: apt-get install python3-venv); "
                      "--peers=none measures attention alone")


def pins() -> list:
    lines = (line.split("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line]


def pip(python: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off",
                           *arguments], capture_output=True, text=True)


def ensure(folder: pathlib.Path) -> pathlib.Path:
    """The Python of the peers' environment, made or renewed if need be."""
    python = folder / "bin" / "python"
    stamp = folder / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text().split("\n")[0] == wanted:
        for line in stamp.read_text().split("\n")[1:]:
            if line:
                say(f"benchmarks: {line}")
        return python
    base = find_base_python()
    say(f"benchmarks: making a Python environment for the peers in {folder}")
    say("benchmarks: this happens once and takes some minutes, and 2 GB")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([base, "-m", "venv", str(folder)], capture_output=True, text=True)
    if made.returncode:
        raise CannotSetUp(f"{base} -m venv {folder} fails: {(made.stderr or made.stdout).strip()[-300:]}")
    missing = []
    say("benchmarks: installing " + ", ".join(pins()))
    if pip(python, "-r", str(REQUIREMENTS)).returncode:
        # One that is not to be had must not keep the others out.
        for pin in pins():
            say(f"benchmarks: installing {pin}")
            done = pip(python, pin, "-c", str(REQUIREMENTS))
            if done.returncode:
                errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
                missing.append(f"{pin} cannot be installed: {(errors or ['pip gives no reason'])[-1]}")
                say(f"benchmarks: {missing[-1]}")
    if subprocess.run([str(python), "-c", "import numpy"], capture_output=True).returncode:
        raise CannotSetUp(f"NumPy cannot be installed in {folder}")
    stamp.write_text("\n".join([wanted, *missing]) + "\n")
    return python


def run_again_under(python: pathlib.Path) -> None:
    """Replaces this process, unless it is one of `python` already."""
    if pathlib.Path(sys.prefix).resolve() == pathlib.Path(python).parent.parent.resolve():
        return
    os.execv(str(python), [str(python), *sys.argv])


def ensure_numpy(folder: pathlib.Path) -> None:
    """For work without peers: any Python with NumPy will do, the system's too."""
    try:
        import numpy  # noqa: F401
        return
    except ImportError:
        pass
    for candidate in (shutil.which("python3"), "/usr/bin/python3", folder / "bin" / "python"):
        if candidate and pathlib.Path(candidate).exists() and os.path.realpath(candidate) != os.path.realpath(
                sys.executable) and subprocess.run([str(candidate), "-c", "import numpy"],
                                                   capture_output=True).returncode == 0:
            os.execv(str(candidate), [str(candidate), *sys.argv])
    raise CannotSetUp("no Python here has NumPy (Debian: apt-get install python3-numpy)")
