"""The same 20 steps for pyinfra."""
from pyinfra import host
from pyinfra.operations import files, server, systemd

root = {"_sudo": True}
for u in (1, 2):
    server.user(name=f"user {u}", user=f"bench{u}", system=True, shell="/usr/sbin/nologin", **root)
for d in ("/etc/bench", "/var/lib/bench", "/var/log/bench"):
    files.directory(name=d, path=d, user="bench1", mode="755", **root)
for kind, folder, ending in (("app.conf.j2", "/etc/bench", "conf"), ("app.service.j2", "/etc/systemd/system", "service")):
    for n in range(1, 6):
        files.template(name=f"{ending} {n}", src=kind, dest=f"{folder}/app{n}.{ending}", mode="644",
                       n=n, heap="256m", inventory_hostname=host.name, **root)
for n in range(1, 6):
    systemd.service(name=f"service {n}", service=f"app{n}.service", running=True, enabled=True, daemon_reload=True, **root)
