"""The container file, as far as it can be judged without an engine: what it copies is there, what it installs is what the programs need."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import gli
import pytest
from everything import needs

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "container" / "Containerfile"


def instructions():
    """(instruction, its words) with continued lines joined."""
    text = re.sub(r"\\\n", " ", "\n".join(line for line in FILE.read_text().splitlines() if not line.startswith("#")))
    return [(line.split()[0], line.split()[1:]) for line in text.splitlines() if line.strip()]


def stages():
    """The instructions of each stage."""
    all = [[]]
    for instruction, words in instructions():
        if instruction == "FROM":
            all.append([])
        all[-1].append((instruction, words))
    return all[1:]


def test_what_is_copied_is_in_the_checkout():
    build, runtime = stages()
    tracked = set(subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines())
    copied = [source for instruction, words in build if instruction == "COPY" for source in words[:-1]]
    assert copied and all(source in tracked or any(t.startswith(f"{source}/") for t in tracked) for source in copied)
    cmake = (ROOT / "CMakeLists.txt").read_text()
    for folder in re.findall(r"add_subdirectory\((\w+)\)", cmake):
        if folder != "tests":
            assert folder in copied
    assert [words for instruction, words in runtime if instruction == "COPY"] == [["--from=build", "/opt/gli", "/opt/gli"]]


def test_the_build_is_the_set_ups_own():
    build, _ = stages()
    runs = [" ".join(words) for instruction, words in build if instruction == "RUN"]
    assert runs[0] == "deploy/bootstrap.sh wheel"
    assert "wheel" in (ROOT / "deploy" / "bootstrap.sh").read_text()


def test_the_image_runs_as_a_user_without_a_home_or_shell_and_holds_no_compiler():
    _, runtime = stages()
    assert [words for instruction, words in runtime if instruction == "USER"] == [["10001:10001"]]
    assert runtime[-1][0] == "CMD"
    text = " ".join(word for instruction, words in runtime if instruction == "RUN" for word in words)
    assert "--shell /usr/sbin/nologin" in text and not re.search(r"g\+\+|gcc|cmake|-dev\b|\bgit\b|\bpip\b", text)


def libraries():
    """The shared libraries that the package's programs load."""
    package = Path(gli.__file__).parent
    found = set()
    for program in (package / "bin" / "glid", package / "bin" / "gli-bench", *package.glob("_core*.so")):
        lines = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
        assert "not found" not in lines
        found |= set(re.findall(r"=> (/\S+)", lines))
    return found


def test_the_packages_that_it_installs_are_those_of_the_libraries_that_are_loaded():
    needs("ldd", "dpkg-query")
    if "VERSION_CODENAME=bookworm" not in Path("/etc/os-release").read_text():
        pytest.skip("its packages are Debian 12's")
    packages = set()
    for library in libraries():
        for path in (library, str(Path(library).resolve()), library.removeprefix("/usr"), f"/usr{library}"):
            out = subprocess.run(["dpkg-query", "--search", path], capture_output=True, text=True)
            if out.returncode == 0:
                packages.add(out.stdout.split(":")[0])
                break
        else:
            raise AssertionError(f"no package holds {library}")
    _, runtime = stages()
    installed = {word for instruction, words in runtime if instruction == "RUN" and "install" in words for word in words}
    always = {"libc6", "libgcc-s1", "libstdc++6"}  # of every Debian that has apt
    assert packages - always <= installed
    named = {word for word in installed if re.fullmatch(r"lib[a-z0-9.+-]+|zlib1g", word)}
    assert named <= packages, "and no more"


def test_shells_can_read_what_it_runs():
    for stage in stages():
        for instruction, words in stage:
            if instruction == "RUN":
                assert subprocess.run(["sh", "-n", "-c", " ".join(words)]).returncode == 0


def test_the_manifests_user_is_the_images():
    needs("kubectl")
    from pods import rendered

    for (kind, _), manifest in rendered("base").items():
        if kind == "StatefulSet":
            context = manifest["spec"]["template"]["spec"]["securityContext"]
            assert (context["runAsUser"], context["runAsGroup"]) == (10001, 10001)
    assert shutil.which("gli", path=f"{sys.prefix}/bin"), "which its commands name"
