# A whole machine: its paths are the host's own, and systemd keeps its services.
root= path= store=
