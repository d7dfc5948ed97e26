"""A Debian 13 with the clients that it has packages for, made once and kept beside the images: what most people pull with."""

import hashlib
import shutil
import tempfile

from image import cache_folder
from process import remove_tree, run

PACKAGES = ("ca-certificates", "docker.io", "docker-cli", "containerd", "runc", "podman", "skopeo", "oras", "cosign",
            "soci-snapshotter", "fuse3", "iptables")


def root():
    """Its folder. Raises ProgramFailed where it cannot be made."""
    final = cache_folder() / ("trixie-" + hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12])
    if not final.exists():
        work = tempfile.mkdtemp(dir=cache_folder())
        try:
            folder = f"{work}/root"
            run(["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "trixie", folder], timeout=1500)
            shutil.rmtree(f"{folder}/var/cache/apt", ignore_errors=True)
            shutil.move(folder, final)
        finally:
            remove_tree(work)
    return final
