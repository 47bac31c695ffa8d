# make demo    a cluster on this machine, from nothing to SparkPi, a lost master, and back (KEEP=1 leaves it running)
# make test    all that must pass: format, lints, unit, property and golden tests, rendered examples, schema, the lab
# make lab     the lab alone
# make bench   how fast it is: pure stages at 10,000 hosts, a plan of 1,000, ten real ones beside other tools; into docs/benchmarks.md
# make soak    new random cases of the laws and of what is rendered, long tests of the lab, the program compiled for macOS, the parser's fuzz
#              target for half an hour
# Needs root for the lab (without it the lab's tests say that they were skipped; with CI=true that is a failure).
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: demo test bench soak check render schema lab setup

CARGO ?= cargo
# Topologies whose rendered files are committed.
EXAMPLES = nodes azure-vms aws-vms hdinsight aks eks

demo:
	@tests/demo

test:
	@tests/run

check:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets --quiet -- -D warnings
	$(CARGO) test --quiet --lib --bins --test house --test own_service --test language --test laws --test commands --test outputs --test pages --test hostile

# The committed examples, schema and generated pages, regenerated.
render:
	for name in $(EXAMPLES); do $(CARGO) run --quiet -- render topologies/$$name.yaml 2>/dev/null; done
	$(CARGO) run --quiet -- schema >schema/topology.schema.json
	$(CARGO) run --quiet -- schema --markdown >docs/topology.md
	$(CARGO) run --quiet -- explain --all >docs/hazards.md
	$(CARGO) run --quiet -- graph topologies/nodes.yaml 2>/dev/null >docs/nodes.svg

# make test judges by the same random cases every time; this searches with others (20 minutes). Then half an hour of the
# parser's fuzz target, from the examples as its seeds. Needs cargo-fuzz (cargo install cargo-fuzz).
soak:
	PROPTEST_CASES=$${CASES:-6000} $(CARGO) test --release --test laws --test hostile
	PROPTEST_CASES=$${CASES:-2000} $(CARGO) test --release --test terraform properties
	$(CARGO) test --test lab -- --ignored --test-threads=1
	$(CARGO) test --test local -- --ignored --test-threads=1
	tests/macos
	mkdir -p target/fuzz-corpus
	cp topologies/*.yaml topologies/bad/*.yaml target/fuzz-corpus/
	RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --fuzz-dir tests/fuzz topology target/fuzz-corpus -- -max_total_time=$${SECONDS_TO_RUN:-1800} -max_len=8192

bench:
	$(CARGO) bench --quiet --bench scale --bench clouds --bench fleet
	tests/bench/hosts

setup:
	tests/lab/setup

lab: setup
	$(CARGO) test --test lab -- --test-threads=1
