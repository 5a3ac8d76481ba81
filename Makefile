# What a person or CI types. CMake does the building: see CMakePresets.json.
.DEFAULT_GOAL := help
SHELL := /bin/bash
RELEASE := build/release
SANITIZE := build/sanitize
PYTHON := /usr/bin/python3

.PHONY: help build lambda lambda-arm64 check-arm64 image deb demo test mutants check-sanitize bench bench-nightly bench-sql-api bench-fleet format clean

help:
	@echo 'make build           install what is missing and build $(RELEASE)/schema-drift'
	@echo 'make lambda          build/lambda/schema-drift.zip for AWS Lambda; DATABASE_CA=FILE is packed, too'
	@echo 'make lambda-arm64    the same for arm64 functions, cross-built: build/lambda/schema-drift-arm64.zip'
	@echo 'make check-arm64     the tests of that zip, under QEMU'
	@echo 'make image           build/image, a container image as an OCI layout'
	@echo 'make deb             build/deb/schema-drift_VERSION_ARCHITECTURE.deb'
	@echo 'make demo            build, then compare an example repository with a throwaway PostgreSQL'
	@echo 'make test            install what is missing, build, run every test'
	@echo 'make mutants         build, put faults in one at a time, print those that no test notices'
	@echo 'make check-sanitize  the tests again with clang, ASan and UBSan, and short fuzz runs'
	@echo 'make bench           measure and print the tables of docs/performance.md'
	@echo 'make bench-nightly   the part of it that measures a whole nightly run'
	@echo 'make bench-fleet     the part of it that measures runs over many databases'
	@echo 'make bench-sql-api   the part of it that measures the SQL API beside one in Python'
	@echo 'make format          clang-format every source file in place'
	@echo 'make clean           remove build/'

# The first build leaves the tests out, so that it needs no test library. A later `make test`
# switches them on in the same folder and compiles nothing twice.
build:
	.ci/install-packages build
	test -f $(RELEASE)/build.ninja || \
	  cmake --preset release -DSCHEMA_DRIFT_TESTS=OFF -DSCHEMA_DRIFT_BENCH=OFF
	cmake --build $(RELEASE) --target schema-drift

lambda:
	.ci/install-packages lambda
	test -f $(RELEASE)/build.ninja || \
	  cmake --preset release -DSCHEMA_DRIFT_TESTS=OFF -DSCHEMA_DRIFT_BENCH=OFF
	cmake --build $(RELEASE) --target schema-drift-lambda
	cron/lambda/make-zip $(RELEASE)/schema-drift-lambda build/lambda/schema-drift.zip $(DATABASE_CA)

# Fetches and unpacks a root of arm64 (337 MB) and compiles everything once more.
lambda-arm64:
	.ci/install-packages lambda-arm64
	cron/lambda/make-sysroot build/sysroot-arm64 arm64
	test -f build/arm64/build.ninja || cmake --preset arm64
	cmake --build build/arm64 --target schema-drift-lambda
	cron/lambda/make-zip --sysroot build/sysroot-arm64/root build/arm64/schema-drift-lambda \
	  build/lambda/schema-drift-arm64.zip $(DATABASE_CA)

check-arm64: lambda-arm64
	.ci/install-packages test
	$(PYTHON) -m pytest -q -p no:cacheprovider tests/deploy/arm64.py

image:
	.ci/install-packages image
	test -f $(RELEASE)/build.ninja || \
	  cmake --preset release -DSCHEMA_DRIFT_TESTS=OFF -DSCHEMA_DRIFT_BENCH=OFF
	cmake --build $(RELEASE) --target schema-drift
	cron/image/make-image $(RELEASE)/schema-drift build/image

deb:
	.ci/install-packages deb
	test -f $(RELEASE)/build.ninja || \
	  cmake --preset release -DSCHEMA_DRIFT_TESTS=OFF -DSCHEMA_DRIFT_BENCH=OFF
	cmake --build $(RELEASE) --target schema-drift
	cron/debian/make-package $(RELEASE)/schema-drift build/deb

demo:
	@.ci/install-packages demo
	@test -f $(RELEASE)/build.ninja || \
	  cmake --preset release -DSCHEMA_DRIFT_TESTS=OFF -DSCHEMA_DRIFT_BENCH=OFF
	@cmake --build $(RELEASE) --target schema-drift
	@docs/demo/run $(RELEASE)/schema-drift build/demo

test:
	.ci/install-packages test
	cmake --preset release -DSCHEMA_DRIFT_TESTS=ON
	cmake --build $(RELEASE)
	.ci/run-tests $(RELEASE)

# Takes an hour or two on two cores. FAULTS='--only drift/base/url.cc' for a part.
mutants:
	.ci/install-packages test
	cmake --preset release -DSCHEMA_DRIFT_TESTS=ON
	tests/mutants/run $(FAULTS) $(RELEASE)

# Not again: the checks of the source tree, which no compiler changes, and the packages, which hold
# the release.
check-sanitize:
	.ci/install-packages test
	cmake --preset sanitize -DSCHEMA_DRIFT_TESTS=ON
	cmake --build $(SANITIZE)
	ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14 UBSAN_OPTIONS=print_stacktrace=1 \
	  LSAN_OPTIONS="suppressions='$(CURDIR)/tests/lsan.supp':print_suppressions=0" \
	  .ci/run-tests $(SANITIZE) --label-exclude 'tree|deploy'

# Each ends with an error where a target is missed, and both shall be seen.
bench:
	.ci/install-packages bench
	cmake --preset release -DSCHEMA_DRIFT_BENCH=ON
	cmake --build $(RELEASE)
	missed=0; bench/run $(RELEASE) || missed=1; bench/nightly $(RELEASE) || missed=1; \
	  bench/sql_api $(RELEASE) || missed=1; bench/remote $(RELEASE) || missed=1; \
	  bench/cold_start $(RELEASE) || missed=1; bench/fleet $(RELEASE) || missed=1; \
	  bench/history $(RELEASE) || missed=1; exit $$missed

bench-nightly:
	.ci/install-packages bench
	cmake --preset release -DSCHEMA_DRIFT_BENCH=ON
	cmake --build $(RELEASE) --target schema-drift measure
	bench/nightly $(RELEASE)

bench-sql-api:
	.ci/install-packages bench
	cmake --preset release -DSCHEMA_DRIFT_BENCH=ON
	cmake --build $(RELEASE) --target schema-drift
	bench/sql_api $(RELEASE)

bench-fleet:
	.ci/install-packages bench
	cmake --preset release
	cmake --build $(RELEASE) --target schema-drift
	bench/fleet $(RELEASE)

format:
	git ls-files -z '*.cc' '*.h' | xargs -0 clang-format-14 -i

clean:
	rm -rf build
