"""The images that are pulled, built once and kept in a cache folder outside of the repository.

Some images, in one folder each: `blobs/sha256/<hex>` and `index.json`, an OCI image layout. Digests, configs, manifests and
layers are written here, so that the tests know every byte without asking the code that they test.

  debian   a Debian that runs, made by debootstrap: one layer of about 60 MB
  layers   an index for amd64 and arm64 over 13 layers: an empty tar, the well-known empty gzip, one layer twice,
           and one whose blob is 1 GiB and does not compress
  ninety   one layer of 90 MiB that does not compress, below the size at which a cache may fetch in parts
  many     60 layers of 1 to 9 MiB that do not compress, 300 MB in all
  small    a Debian of a few MB that runs: busybox and its libraries, and one layer of 3 MiB that does not compress; also in
           any number that have no layer in common
  half     one layer of 500 MB that does not compress
  twelve   12 layers of 1 to 140 MiB that do not compress, 349 MB in all
  nine     the first 9 of those, 198 MB
"""

import gzip
import hashlib
import io
import json
import os
import pathlib
import platform
import random
import re
import shutil
import tarfile
import tempfile
import zlib

from process import ProgramFailed, run

# Part of the cache's name: a change to what is built here takes another number.
VERSION = 1

MiB = 1 << 20
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
ACCEPT = f"{INDEX}, {MANIFEST}, */*"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"

HOST_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

# What docker writes as the layer of a step that changes no file: 1024 zero bytes in gzip, sha256:a3ed95ca...
WELL_KNOWN_EMPTY = bytes.fromhex("1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000")


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "entrepot-e2e" / f"v{VERSION}"


class Image:
    """An image in its layout folder."""

    def __init__(self, name, layout):
        self.name = name
        self.layout = layout
        self.repository = f"library/{name}"
        self.tag = "e2e"
        (top,) = json.loads((layout / "index.json").read_text())["manifests"]
        self.digest = top["digest"]
        self.media_type = top["mediaType"]

    def path(self, digest):
        return self.layout / "blobs" / digest.replace(":", "/")

    def size(self, digest):
        return self.path(digest).stat().st_size

    def document(self, digest):
        return json.loads(self.path(digest).read_text())

    def manifests(self):
        """The digests of the index, if there is one, and of every image manifest."""
        if self.media_type != INDEX:
            return [self.digest]
        return [self.digest] + [m["digest"] for m in self.document(self.digest)["manifests"]]

    def manifest_of(self, architecture):
        """The digest of the image manifest of one architecture."""
        if self.media_type != INDEX:
            return self.digest
        return next(m["digest"] for m in self.document(self.digest)["manifests"]
                    if m["platform"]["architecture"] == architecture)

    def config_of(self, architecture):
        """The digest of the config, which docker and podman call the image's id."""
        return self.document(self.manifest_of(architecture))["config"]["digest"]

    def blobs(self):
        """The digest of each config and layer, once."""
        found = {}
        for digest in self.manifests():
            manifest = self.document(digest)
            if "layers" in manifest:
                for descriptor in [manifest["config"], *manifest["layers"]]:
                    found[descriptor["digest"]] = None
        return list(found)

    def largest_layer(self):
        return max(self.blobs(), key=self.size)


class _Layout:
    """Writes an OCI image layout."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "blobs" / "sha256").mkdir(parents=True)
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, data, media_type, **more):
        digest = hashlib.sha256(data).hexdigest()
        (self.folder / "blobs" / "sha256" / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data), **more}

    def layer(self, tar, level=6):
        """A layer of a tar file or of its bytes: its descriptor and its diff id. Level 0 stores."""
        source = io.BytesIO(tar) if isinstance(tar, bytes) else open(tar, "rb")
        diff, part = hashlib.sha256(), self.folder / "part"
        with source, open(part, "wb") as out, gzip.GzipFile("", "wb", level, out, mtime=0) as packed:
            while chunk := source.read(MiB):
                diff.update(chunk)
                packed.write(chunk)
        with open(part, "rb") as packed:
            digest = hashlib.file_digest(packed, "sha256").hexdigest()
        size = part.stat().st_size
        part.rename(self.folder / "blobs" / "sha256" / digest)
        return {"mediaType": LAYER, "digest": f"sha256:{digest}", "size": size}, f"sha256:{diff.hexdigest()}"

    def image(self, layers, architecture):
        config = {"architecture": architecture, "os": "linux", "config": {"Cmd": ["/bin/bash"]},
                  "rootfs": {"type": "layers", "diff_ids": [diff for _, diff in layers]},
                  "history": [{"created_by": f"layer {n}"} for n in range(len(layers))]}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.blob(json.dumps(config).encode(), CONFIG),
                    "layers": [descriptor for descriptor, _ in layers]}
        return self.blob(json.dumps(manifest).encode(), MANIFEST)

    def index(self, images):
        manifests = [{**image, "platform": {"architecture": architecture, "os": "linux"}} for architecture, image in images]
        return self.blob(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode(), INDEX)

    def finish(self, top):
        named = {**top, "annotations": {"org.opencontainers.image.ref.name": "e2e"}}
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))


def _tar(files):
    """A tar of the given names and contents, as bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _tar_of_noise(path, size, seed):
    """A tar of one file of random bytes, written in pieces."""
    noise = random.Random(seed)
    member = tarfile.TarInfo(f"noise-{seed}")
    member.size = size
    with open(path, "wb") as out:
        out.write(member.tobuf())
        for _ in range(size // MiB):
            out.write(noise.randbytes(MiB))
        out.write(bytes(1024))


def _build_debian(layout, work):
    rootfs, tar = work / "rootfs", work / "rootfs.tar"
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines() if "=" in line)
    run(["debootstrap", "--variant=minbase", release["VERSION_CODENAME"], rootfs], timeout=600)
    shutil.rmtree(rootfs / "var" / "cache" / "apt", ignore_errors=True)
    run(["tar", "--numeric-owner", "--sort=name", "--one-file-system", "-C", rootfs, "-cf", tar, "."], timeout=120)
    layout.finish(layout.image([layout.layer(tar)], HOST_ARCHITECTURE))


def _build_layers(layout, work):
    small = [layout.layer(_tar({f"data/{n}": random.Random(n).randbytes(200_000 * n)})) for n in range(1, 9)]
    empty_tar = layout.layer(bytes(10240))
    well_known_empty = (layout.blob(WELL_KNOWN_EMPTY, LAYER),
                        "sha256:" + hashlib.sha256(gzip.decompress(WELL_KNOWN_EMPTY)).hexdigest())
    _tar_of_noise(work / "noise.tar", 1024 * MiB, seed=1024)
    large = layout.layer(work / "noise.tar", level=0)
    only_arm = layout.layer(_tar({"arm": b"64"}))
    amd64 = [*small[:4], empty_tar, large, small[0], well_known_empty, *small[4:], layout.layer(_tar({"last": b"layer"}))]
    arm64 = [*small, well_known_empty, only_arm]
    layout.finish(layout.index([("amd64", layout.image(amd64, "amd64")), ("arm64", layout.image(arm64, "arm64"))]))


def _build_ninety(layout, work):
    _tar_of_noise(work / "noise.tar", 90 * MiB, seed=90)
    layout.finish(layout.image([layout.layer(work / "noise.tar", level=0)], HOST_ARCHITECTURE))


def _build_many(layout, work):
    layers = []
    for n in range(60):
        _tar_of_noise(work / "noise.tar", (1 + n * 7 % 9) * MiB, seed=n)
        layers.append(layout.layer(work / "noise.tar", level=0))
    layout.finish(layout.image(layers, HOST_ARCHITECTURE))


def _build_small(layout, work, seed=0):
    libraries = re.findall(r"(/\S+) \(0x", run(["ldd", "/bin/busybox"], timeout=10).stdout)
    tar = work / "busybox.tar"
    with tarfile.open(tar, "w") as out:
        for file in ("/bin/busybox", *libraries, "/etc/debian_version"):
            member = out.gettarinfo(os.path.realpath(file), arcname=file.lstrip("/"))
            member.uid, member.gid, member.mtime = 0, 0, seed
            with open(file, "rb") as content:
                out.addfile(member, content)
        for name in ("sh", "cat", "sleep"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            out.addfile(link)
    _tar_of_noise(work / "noise.tar", 3 * MiB, seed)
    layout.finish(layout.image([layout.layer(file, level=0) for file in (tar, work / "noise.tar")], HOST_ARCHITECTURE))


def _build_half(layout, work):
    _tar_of_noise(work / "noise.tar", 477 * MiB, seed=500)
    layout.finish(layout.image([layout.layer(work / "noise.tar", level=0)], HOST_ARCHITECTURE))


# What an image that somebody works with looks like: a base and tools below, many small steps, the product on top.
_TWELVE = (48, 2, 60, 1, 5, 40, 1, 12, 20, 140, 1, 3)  # MiB


def _build_twelve(layout, work, count=12):
    layers = []
    for n, size in enumerate(_TWELVE[:count]):
        _tar_of_noise(work / "noise.tar", size * MiB, seed=1200 + n)
        layers.append(layout.layer(work / "noise.tar", level=0))
    layout.finish(layout.image(layers, HOST_ARCHITECTURE))


def _build_nine(layout, work):
    _build_twelve(layout, work, count=9)


_BUILDERS = {"debian": _build_debian, "layers": _build_layers, "ninety": _build_ninety, "many": _build_many,
             "small": _build_small, "half": _build_half, "twelve": _build_twelve, "nine": _build_nine}


def image(name):
    """The image of that name, built if this is the first time. Raises ProgramFailed where it cannot be."""
    cache = cache_folder()
    final = cache / name
    if not final.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            work = pathlib.Path(work)
            layout = _Layout(work / "layout")
            try:
                _BUILDERS[name](layout, work)
            except OSError as failed:
                raise ProgramFailed(f"image {name}: {failed}") from failed
            (work / "layout").rename(final)
    return Image(name, final)


def small(name, folder):
    """Another image of the kind of "small", with other bytes in every layer than that of any other name; made in the folder
    each time. Raises ProgramFailed where "small" cannot be built."""
    layout = _Layout(folder / name)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        _build_small(layout, pathlib.Path(work), seed=zlib.crc32(name.encode()))
    return Image(name, folder / name)
