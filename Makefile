# silhouette: the usual commands. Everything real is in tools/ and cmake/.
# `make help` lists them.

MAKEFLAGS += --no-print-directory
QUIETLY = out=$$($(1) 2>&1) || { echo "$$out"; exit 1; }

help:
	@echo "make serve     set up, build, and serve the pictures of samples/"
	@echo "make test      set up, build, and run all tests"
	@echo "make build     set up and build: build/silhouette"
	@echo "make check     the gates of .ci/run: format, style, sanitizers, ..."
	@echo "make sanitize  the tests under AddressSanitizer and UBSan"
	@echo "make fuzz      each fuzz target for SECONDS=120 (TARGETS=…: these)"
	@echo "make soak      mixed requests for MINUTES=5, drawn to build/soak.svg"
	@echo "make sbom      what the program consists of: build/sbom.cdx.json"
	@echo "make bench     measure it all (PEER=… PEER_PYTHON=…: beside a peer)"
	@echo "make install  into PREFIX=/usr/local, below DESTDIR if one is given"
	@echo "make deb      Debian packages: build-deb/*.deb"
	@echo "make docs      build the docs site: build/site"
	@echo "make format    rewrite the sources as .clang-format wants them"
	@echo "make clean     remove what was built (not what was fetched: .deps/)"

build:
	@tools/setup serve
	@[ -f build/build.ninja ] || \
	    { $(call QUIETLY,cmake --preset release -DSIL_TESTS=OFF); }
	@cmake --build --preset release

serve: build
	@exec build/silhouette serve

test:
	@tools/setup test
	@$(call QUIETLY,cmake --preset release -DSIL_TESTS=ON)
	@cmake --build --preset release
	@ctest --preset release

sanitize:
	@tools/setup test
	@$(call QUIETLY,cmake --preset sanitize)
	@cmake --build --preset sanitize
	@ctest --preset sanitize

check:
	@.ci/run gates

fuzz:
	@tools/setup gates
	@tools/fuzz --seconds $(or $(SECONDS),120) $(TARGETS)

soak:
	@tools/setup test
	@$(call QUIETLY,cmake --preset release -DSIL_TESTS=ON)
	@cmake --build --preset release --target silhouette
	@.deps/venv/bin/python -B tools/soak --minutes $(or $(MINUTES),5)

sbom: build
	@/usr/bin/python3 -B tools/sbom

# The unit and the program know the prefix, so it is configured. That of the
# system has its settings in /etc.
install: build
	@$(call QUIETLY,cmake --preset release \
	    -DCMAKE_INSTALL_PREFIX=$(abspath $(or $(PREFIX),/usr/local)) \
	    -DCMAKE_INSTALL_SYSCONFDIR=$(if $(filter /usr,$(PREFIX)),/etc,etc))
	@cmake --build --preset release
	@$(call QUIETLY,cmake --install build)

deb:
	@tools/setup serve
	@$(call QUIETLY,cmake --preset release -B build-deb -DSIL_TESTS=OFF \
	    -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_INSTALL_SYSCONFDIR=/etc)
	@cmake --build build-deb
	@cd build-deb && { $(call QUIETLY,cpack); }
	@ls build-deb/*.deb

bench:
	@tools/setup test
	@$(call QUIETLY,cmake --preset release -DSIL_TESTS=ON)
	@cmake --build --preset release
	@.deps/venv/bin/python -B bench/bench.py --json build/bench.json \
	    $(if $(PEER),--peer $(PEER) --peer-python $(PEER_PYTHON))

format:
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format-14 -i

docs:
	@tools/setup docs
	@tools/site

clean:
	rm -rf build build-*

.PHONY: docs help build serve test sanitize check fuzz soak sbom bench \
        install deb format clean
