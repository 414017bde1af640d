# Everything is built from a fresh clone with Git, Go and make. What else is
# missing (PostgreSQL, Node, Chromium, ffmpeg), scripts/install gets with apt where it
# can, and names where it cannot.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build
MAKEFLAGS += --no-builtin-rules

export CGO_ENABLED := 0
# The decoder of HEIC pictures without a library of the machine: the program stays
# one static file. Built without this tag it refuses them.
export GOFLAGS := $(GOFLAGS) -tags=nodynamic
export GATEPOST_ASSETS := required

# Packages that need neither PostgreSQL nor a built program.
FAST := ./crypto/... ./internal/arch ./internal/authz ./internal/config ./internal/fault ./internal/keyfile \
	./intermediary/law ./letterbox/photo/... ./internal/logbook ./internal/ops ./internal/oplog ./internal/server ./web/assets ./web/page/... ./web/words

# Each test binary starts a PostgreSQL of its own and waits for it half the time:
# three at once on two cores.
GO_TEST := go test -p 3 -timeout 20m

# How long each fuzz target runs.
FUZZTIME := 60s

ASSETS := web/assets/dist/app.css

.PHONY: demo build test check bench performance fuzz scan browser fmt vet staticcheck unit tools-build tools-test program clean

demo: build
	@exec bin/gatepost demo

build: tools-build $(ASSETS) program

tools-build:
	@scripts/install postgresql node

tools-test:
	@scripts/install postgresql node chromium ffmpeg

# npm runs no install script of a package: none of ours needs one.
node_modules/.package-lock.json: package.json package-lock.json | tools-build
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(ASSETS): node_modules/.package-lock.json web/assets/build.mjs $(wildcard web/assets/src/*)
	npm run --silent build
	@touch $@

# Go knows best what has changed.
program: $(ASSETS)
	go build -trimpath -ldflags='-s -w' -o bin/gatepost ./cmd/gatepost
	go build -trimpath -ldflags='-s -w' -o bin/gatepost-verify ./cmd/gatepost-verify

fmt:
	@files=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$files" ]; then echo "gofmt -w these files:"; echo "$$files"; exit 1; fi

# Memory for time: the compiler and staticcheck collect their garbage a third as often.
vet:
	GOGC=300 go vet ./...

staticcheck:
	GOGC=300 go tool staticcheck ./...

check: fmt build vet staticcheck
	$(GO_TEST) $(FAST)
	go test -count=1 ./internal/arch

# The tests of arch read the source, which Go's test cache does not know.
# The store of the tests is built first, from a module of its own: the tests would wait for it.
unit: build
	cd internal/parts/versitygw && GOFLAGS=-buildvcs=false go tool -n versitygw > /dev/null
	$(GO_TEST) ./...
	go test -count=1 ./internal/arch

browser: tools-test build
	node --test --test-concurrency=1 $(wildcard browser/*.test.mjs)
	go vet -tags browser,nodynamic ./internal/journey
	go test -tags browser,nodynamic -count=1 -parallel 5 -timeout 25m ./internal/journey

test: tools-test fmt build vet staticcheck unit browser

bench: build
	@for name in relay pages live audit law register screen growth; do bin/gatepost bench $$name; done

# The page of figures, from the same benches on this machine.
performance: build
	bin/gatepost bench performance > docs/performance.md.new
	mv docs/performance.md.new docs/performance.md

# Each fuzz target for a minute, or FUZZTIME=10m each.
fuzz: build
	@go list -f '{{.Dir}} {{.ImportPath}}' ./... | while read -r dir package; do \
		{ grep -hoE '^func Fuzz[A-Za-z0-9_]+' "$$dir"/*_test.go 2>/dev/null || true; } | sed 's/^func //' | while read -r target; do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
		done; \
	done

# Scanners that others wrote, against a demo of its own: two hours on two cores.
# SCAN=--self-test shows them a weak server only, SCAN="--only ffuf" lets one of
# them work.
scan: build
	@scripts/scan $(SCAN)

clean:
	rm -rf bin node_modules
	find web/assets/dist -type f ! -name .gitkeep -delete
