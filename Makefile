# The four things that people do here. Each does all of its own set-up.

DATA ?= honeyward-data

.PHONY: run test bench image

# Builds and starts the demo hospital on loopback; Ctrl-C ends it.
run:
	.ci/setup build
	cargo build --locked --release
	target/release/honeyward --data $(DATA) run

# All tests: unit, property, real clients, crashes. Half of the suite's time is waiting, so that two cores
# serve four tests at a time.
test:
	.ci/setup test
	RUST_TEST_THREADS=$${RUST_TEST_THREADS:-4} cargo test --locked

# Speed and memory beside the peers, in one run; figures go to target/bench.
bench:
	.ci/setup bench
	cargo build --locked --release
	benches/run

# The appliance: disk, disks for hypervisors, CD, update file; as root. They go to target/image/out.
# VERSION, RELEASE and KEYS are those of firmware-image/build.
image:
	.ci/setup image
	cargo build --locked --release
	firmware-image/build --binary target/release/honeyward $(if $(VERSION),--version $(VERSION)) \
	  $(if $(RELEASE),--release $(RELEASE)) $(if $(KEYS),--keys $(KEYS))
