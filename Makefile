# A thin front over the CMake presets. `make help` lists what there is.

.DEFAULT_GOAL := help
.PHONY: help build demo test bench build-time lint asan-test tsan-test \
  soak-test survival-test clean

release := build/release
packages = @config/packages/install $(addprefix config/packages/,$(addsuffix .txt,$(1)))
# Configures a preset unless it stands with this option already.
with = @grep -qs '^$(2):BOOL=ON' build/$(1)/CMakeCache.txt || \
  cmake --preset $(1) -D $(2)=ON >/dev/null

help:
	@echo 'make build       build Release into build/release/bin'
	@echo 'make demo        build, and run the main job from start to end'
	@echo 'make test        build the tests too, and run every one'
	@echo 'make bench       build and run the benchmarks, each beside its peer'
	@echo 'make build-time  measure what a build, an edit and a header cost'
	@echo 'make lint        formatting, include arrows, clang-tidy; warnings are errors'
	@echo 'make asan-test   the tests under AddressSanitizer and UBSan'
	@echo 'make tsan-test   those of actors and runtime under ThreadSanitizer'
	@echo 'make soak-test   100,000 looms, random trees for SOAK_MINUTES=10, and the next'
	@echo 'make survival-test  a worker beside 1,000 random kills of the parts of a loom'
	@echo 'make clean       remove build/'

build:
	$(call packages,build)
	@test -f $(release)/build.ninja || cmake --preset release >/dev/null
	@cmake --build --preset release --target hololoom_program demos

demo: build
	@demos/run

test:
	$(call packages,build test)
	$(call with,release,HOLOLOOM_TESTS)
	@cmake --build --preset release
	@tests/run release

bench:
	$(call packages,build bench)
	$(call with,release,HOLOLOOM_BENCH)
	@cmake --build --preset release
	@bench/run

build-time:
	$(call packages,build test bench)
	@bench/build_time
	@bench/include_time

lint:
	$(call packages,build lint)
	@tests/lint

asan-test:
	$(call packages,build test lint)
	$(call with,asan,HOLOLOOM_TESTS)
	@cmake --build --preset asan
	@tests/run asan

tsan-test:
	$(call packages,build test)
	@tests/tsan

soak-test:
	$(call packages,build test)
	$(call with,release,HOLOLOOM_TESTS)
	@cmake --build --preset release --target looms_test hostile_test \
	  survival_test
	@tests/soak

survival-test:
	$(call packages,build test)
	$(call with,release,HOLOLOOM_TESTS)
	@cmake --build --preset release --target survival_test
	@tests/soak kills

clean:
	rm -rf build
