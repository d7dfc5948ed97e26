"""A registry in memory that can be pushed to, with what Debian's docker-registry lacks: referrers, other digests than sha256,
tags page by page.

Source: OCI distribution-spec, "Endpoints". It keeps what it has: DELETE of anything but an upload is 405.
"""

import collections
import hashlib
import itertools
import json
import re
import threading

from image import INDEX
from small_server import SmallServer

_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>blobs/uploads|blobs|manifests|referrers|tags)/(?P<what>[^/]*)")


class _Repository:
    def __init__(self):
        self.blobs = {}       # by digest
        self.manifests = {}   # by digest: media type and bytes
        self.tags = {}        # digests, by name
        self.uploads = {}     # what has come so far, by id


class MemoryRegistry(SmallServer):
    def __init__(self):
        self._repositories = collections.defaultdict(_Repository)
        self._upload_ids = itertools.count()
        self._lock = threading.Lock()
        super().__init__()

    def respond(self, request):
        if request.path in ("/v2", "/v2/"):
            return 200, [], b"{}"
        found = _PATH.fullmatch(request.path)
        if not found:
            return _error(404, "NAME_UNKNOWN")
        handler = getattr(self, "_" + found["kind"].replace("/", "_"))
        with self._lock:
            return handler(request, found["name"], self._repositories[found["name"]], found["what"])

    def _blobs(self, request, name, repository, digest):
        if request.method not in ("GET", "HEAD"):
            return _error(405, "UNSUPPORTED")
        if digest not in repository.blobs:
            return _error(404, "BLOB_UNKNOWN")
        return _content(digest, "application/octet-stream", repository.blobs[digest])

    def _blobs_uploads(self, request, name, repository, upload):
        if request.method == "POST":
            return self._begin(request, name, repository)
        if upload not in repository.uploads:
            return _error(404, "BLOB_UPLOAD_UNKNOWN")
        so_far = repository.uploads[upload]
        if request.method == "GET":
            return _uploading(204, name, upload, so_far)
        if request.method == "DELETE":
            del repository.uploads[upload]
            return 204, [], b""
        first = request.headers.get("Content-Range", "").partition("-")[0]
        if first and int(first) != len(so_far):
            return _uploading(416, name, upload, so_far)
        so_far += request.body
        if request.method == "PATCH":
            return _uploading(202, name, upload, so_far)
        del repository.uploads[upload]
        return _put_blob(name, repository, request.parameter("digest"), bytes(so_far))

    def _begin(self, request, name, repository):
        if digest := request.parameter("digest"):
            return _put_blob(name, repository, digest, request.body)
        mount = request.parameter("mount")
        sources = [self._repositories[request.parameter("from")]] if "from" in request.query else self._repositories.values()
        for source in list(sources):
            if mount in source.blobs:
                return _put_blob(name, repository, mount, source.blobs[mount])
        upload = str(next(self._upload_ids))
        repository.uploads[upload] = bytearray()
        return _uploading(202, name, upload, b"")

    def _manifests(self, request, name, repository, reference):
        if request.method == "PUT":
            return _put_manifest(request, name, repository, reference)
        if request.method not in ("GET", "HEAD"):
            return _error(405, "UNSUPPORTED")
        digest = repository.tags.get(reference, reference)
        if digest not in repository.manifests:
            return _error(404, "MANIFEST_UNKNOWN")
        return _content(digest, *repository.manifests[digest])

    def _referrers(self, request, name, repository, subject):
        found = []
        for digest, (media_type, body) in repository.manifests.items():
            manifest = json.loads(body)
            if manifest.get("subject", {}).get("digest") == subject:
                artifact_type = manifest.get("artifactType") or manifest.get("config", {}).get("mediaType")
                found.append({"mediaType": media_type, "digest": digest, "size": len(body), "artifactType": artifact_type,
                              "annotations": manifest.get("annotations", {})})
        headers = [("Content-Type", INDEX)]
        if wanted := request.parameter("artifactType"):
            found = [descriptor for descriptor in found if descriptor["artifactType"] == wanted]
            headers.append(("OCI-Filters-Applied", "artifactType"))
        return 200, headers, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": found}).encode()

    def _tags(self, request, name, repository, _list):
        if not repository.manifests:
            return _error(404, "NAME_UNKNOWN")
        left = sorted(tag for tag in repository.tags if tag > request.parameter("last"))
        page = left[:int(request.parameter("n") or len(left))]
        headers = [("Content-Type", "application/json")]
        if page and len(page) < len(left):
            headers.append(("Link", f'</v2/{name}/tags/list?n={len(page)}&last={page[-1]}>; rel="next"'))
        return 200, headers, json.dumps({"name": name, "tags": page}).encode()


def _put_blob(name, repository, digest, data):
    if digest != _digest(digest, data):
        return _error(400, "DIGEST_INVALID")
    repository.blobs[digest] = data
    return 201, [("Location", f"/v2/{name}/blobs/{digest}"), ("Docker-Content-Digest", digest)], b""


def _put_manifest(request, name, repository, reference):
    digest = _digest(reference, request.body)
    if ":" in reference and digest != reference:
        return _error(400, "DIGEST_INVALID")
    tags = request.query.get("tag", []) + ([] if ":" in reference else [reference])
    repository.manifests[digest] = (request.headers["Content-Type"], request.body)
    repository.tags.update((tag, digest) for tag in tags)
    headers = [("Location", f"/v2/{name}/manifests/{digest}"), ("Docker-Content-Digest", digest)]
    headers += [("OCI-Tag", tag) for tag in tags]
    if subject := json.loads(request.body).get("subject"):
        headers.append(("OCI-Subject", subject["digest"]))
    return 201, headers, b""


def _digest(like, data):
    """The digest of the data, by the algorithm of another digest."""
    algorithm = "sha512" if like.startswith("sha512:") else "sha256"
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def _content(digest, media_type, data):
    return 200, [("Content-Type", media_type), ("Content-Length", str(len(data))), ("Docker-Content-Digest", digest)], data


def _uploading(status, name, upload, so_far):
    return status, [("Location", f"/v2/{name}/blobs/uploads/{upload}"), ("Range", f"0-{max(0, len(so_far) - 1)}")], b""


def _error(status, code):
    return status, [("Content-Type", "application/json")], json.dumps({"errors": [{"code": code, "message": code}]}).encode()
