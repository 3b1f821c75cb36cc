# A thin front over the CMake presets. `make help` lists what there is.

.DEFAULT_GOAL := help
.PHONY: help deps build demo test bench lint asan-test clean

help:
	@echo 'make build      build Release into build/release/bin'
	@echo 'make demo       build, and run the main job from start to end'
	@echo 'make test       build, and run every test'
	@echo 'make bench      build and run the benchmarks, each beside its peer'
	@echo 'make lint       clang-format and clang-tidy, warnings are errors'
	@echo 'make asan-test  the tests under AddressSanitizer and UBSan'
	@echo 'make clean      remove build/'

deps:
	@config/install-debian-packages config/debian-packages.txt

build: deps
	@test -f build/release/build.ninja || cmake --preset release >/dev/null
	@cmake --build --preset release

demo: build
	@demos/run

test: build
	@tests/run release

bench: deps
	@bench/run

lint: deps
	@tests/lint

asan-test: deps
	@test -f build/asan/build.ninja || cmake --preset asan >/dev/null
	@cmake --build --preset asan
	@tests/run asan

clean:
	rm -rf build
