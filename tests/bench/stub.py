"""Stands in for Spark's daemons where only the laying of files is measured: starts at once, and says that all is well."""
import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
workers = [{"host": f"10.77.0.{10 + k}", "port": 7078, "state": "ALIVE", "cores": 1, "memory": 1024} for k in range(2, 11)]
said = {"status": "ALIVE", "workers": workers} if sys.argv[1].endswith("Master") else {"executors": []}


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


HTTPServer((options["--host"], int(options["--webui-port"])), Page).serve_forever()
