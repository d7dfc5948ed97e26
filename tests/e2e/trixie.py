"""A Debian 13 with the clients that it has packages for, made once and kept beside the images: what most people pull with."""

import hashlib
import shutil

from image import cache_folder
from process import remove_tree, run

PACKAGES = ("ca-certificates", "docker.io", "docker-cli", "docker-buildx", "containerd", "runc", "podman", "skopeo", "oras",
            "cosign", "soci-snapshotter", "fuse3", "iptables")


def root():
    """Its folder. Raises ProgramFailed where it cannot be made."""
    final = cache_folder() / ("trixie-" + hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12])
    if not final.exists():
        part = final.with_suffix(".part")
        remove_tree(part)
        # What debootstrap mounts in it goes with the namespace.
        run(["unshare", "--mount", "debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}", "trixie", part],
            timeout=1500)
        shutil.rmtree(part / "var" / "cache" / "apt", ignore_errors=True)
        part.rename(final)
    return final
