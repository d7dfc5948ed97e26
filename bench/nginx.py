"""nginx as a pull-through cache: proxy_cache, with what it needs to be fast."""

from process import Program, accepts, free_port

_CONFIG = """\
daemon off;
user root;
worker_processes auto;
pid {work}/nginx.pid;
error_log {work}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log {access_log};
  sendfile on;
  tcp_nopush on;
  open_file_cache max=10000 inactive=60s;
  keepalive_requests 100000000;
  client_body_temp_path {work}/body;
  proxy_temp_path {work}/proxy;
  fastcgi_temp_path {work}/fastcgi;
  uwsgi_temp_path {work}/uwsgi;
  scgi_temp_path {work}/scgi;
  proxy_cache_path {work}/cache levels=1:2 keys_zone=blobs:16m max_size=20g inactive=7d use_temp_path=off;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache blobs;
      proxy_cache_valid 200 7d;
      proxy_cache_lock on;
    }}
  }}
}}
"""


class Nginx:
    def __init__(self, work, upstream_url, access_log):
        work.mkdir(parents=True)
        self._config, self._log = work / "nginx.conf", work / "nginx.log"
        self.port = free_port()
        self._config.write_text(_CONFIG.format(work=work, port=self.port, upstream=upstream_url,
                                               access_log=work / "access.log" if access_log else "off"))
        self._program = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self._program.pid

    def start(self):
        self._program = Program(["nginx", "-c", self._config], self._log)
        self._program.wait_until(lambda: accepts(self.port), timeout=10)
        return self

    def stop(self):
        if self._program:
            self._program.stop()
