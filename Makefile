# make          build bin/lmz (sets up libllama first), bin/lmz-cloud and bin/lmz-job
# make gpu GPU=vulkan   set up libggml's plug-in for GPUs beside libllama: vulkan or metal
# make test-gpu  try classes of GPUs, on Vulkan in software or CLASS=vulkan-nvidia-…-L63
# make bench-gpu  measure the method lm on a GPU, by lanes: GPU='-device h100 -lanes 1,63,255'
# make demo     compress a real log, decompress it, compare, print the sizes
# make test     run the tests
# make torture  try many more cases of damage, crashes and hostile input (docs/RELIABILITY.md)
# make fuzz     fuzz everything that reads what it is given, FUZZTIME for each target (default 10m)
# make bench    measure ratio and speed (docs/BENCHMARKS.md)
# make study    measure language models as compressors, next to what others published (docs/STUDY.md)
# make viewer   make dist/lmz-viewer.html, a page that shows archives in any browser
# make test-viewer  try that page in a headless Chromium, where there is one
# make dist     make what a release gives out, in dist/release: VERSION=0.9.0 names it,
#               ONLY=linux-amd64 makes a part
# make install  install into PREFIX (default /usr/local)
# make share    make manual pages and completions in bin/share, which make install installs too
# make golden   make what holds the format anew, and say what changed (CONTRIBUTING.md)
# make mutate   change each constant of the format by one, and list what no test notices
# make test-386, test-arm64  run the tests of the coders on 32 bits, and on arm64 under qemu-user
# make test-kill    kill what works on jobs at random moments, 50 times (docs/JOBS.md)
# make lint-deploy  check the files for Kubernetes and systemd
# make test-vulkan  run the tests of class exact on a GPU, or on Vulkan in software (exact/gpu)
# make shaders  compile the shaders of exact/gpu, where there is a glslangValidator
# make check-cross, check-fma  vet for other systems; look for fused multiply-adds
# make check-wasm  run the tests of class exact as WebAssembly
# make test-smollm2  fetch a language model of others (scripts/get-model), and try it
# make train-smoke  run the training pipeline on a small sample (scripts/train)

PREFIX ?= /usr/local
GO ?= go
# The library, and a method, object stores, the command, examples, jobs and the tools, modules of their own so
# that what they need never reaches users of the library.
PKGS := ./... ./brotli/... ./cloud ./cmd/lmz/... ./examples ./exact/gpu ./jobs ./tools/...
LLAMA := third_party/llama.cpp
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

.PHONY: all build build-cloud gpu bench-gpu demo test test-gpu test-kill lint-deploy test-race test-nocgo \
	test-386 test-arm64 check-cross check-fma check-wasm test-vulkan shaders viewer test-viewer dist share \
	mutate torture fuzz lint bench study golden test-smollm2 train-smoke install installable env clean setup
.DEFAULT_GOAL := all

# env.mk says how to compile and link against the libllama that scripts/setup-llama found or
# fetched. Goals that need no libllama do not cause it to be set up.
ifneq ($(filter-out clean test-kill lint-deploy test-nocgo test-386 test-arm64 check-cross check-fma \
	check-wasm test-vulkan shaders viewer test-viewer dist share mutate fuzz,$(or $(MAKECMDGOALS),all)),)
include $(LLAMA)/env.mk
endif

$(LLAMA)/env.mk: scripts/setup-llama scripts/debian-packages $(wildcard third_party/llama.lock)
	@scripts/setup-llama

export PKG_CONFIG_PATH := $(LLAMA_PKG_CONFIG_PATH)$(if $(PKG_CONFIG_PATH),:$(PKG_CONFIG_PATH))
# The go command knows a cached package by CGO_LDFLAGS, but not by what pkg-config says. With
# -trimpath it would otherwise take the binding that another checkout compiled, which links against
# that checkout's libllama.
export CGO_LDFLAGS := -L$(CURDIR)/$(LLAMA)/lib $(CGO_LDFLAGS)
GOTAGS := -tags llama
LDFLAGS = $(LLAMA_GO_LDFLAGS) -X main.version=$(VERSION)
GOBUILD = $(GO) build -buildvcs=false $(GOTAGS) -ldflags '$(LDFLAGS)'
GOCLOUD = $(GO) build -buildvcs=false -tags 'llama cloud' -ldflags '-s -w $(LDFLAGS)'
GOTEST = $(GO) test $(GOTAGS) -ldflags '$(LLAMA_GO_LDFLAGS)'

all: build build-cloud

setup: $(LLAMA)/env.mk

build: setup
	$(GOBUILD) -trimpath -o bin/lmz ./cmd/lmz

# What lmz runs for object stores and lmz job.
build-cloud: setup
	$(GOCLOUD) -trimpath -o bin/lmz-cloud ./cmd/lmz
	CGO_ENABLED=0 $(GO) build -buildvcs=false -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/lmz-job ./jobs

gpu: setup
	@scripts/setup-gpu '$(GPU)'
	@$(MAKE) --no-print-directory build

# The class is one of a device that lmz --device list shows.
CLASS ?= vulkan-llvmpipe-L7

test-gpu: setup
	LMZ_TEST_GPU='$(CLASS)' $(GOTEST) -count=1 -run GPU ./llama ./models

# GPU='-device h100 -model base -lanes 63,255' and the like; DATA as for bench.
bench-gpu: setup
	$(GO) run -buildvcs=false $(GOTAGS) -ldflags '$(LLAMA_GO_LDFLAGS)' ./tools/bench -data '$(DATA)' $(GPU) gpu

demo: build
	@scripts/demo bin/lmz testdata/postgresql-syslog.log

test: setup
	$(GOTEST) $(PKGS)
	$(GO) test -tags 'llama cloud' -ldflags '$(LLAMA_GO_LDFLAGS)' ./cmd/lmz -run Stores

# RUN takes tests by their names, SKIP leaves some out.
test-race: setup
	$(GOTEST) -timeout 30m -race -run '$(or $(RUN),.)' -skip '$(or $(SKIP),^$$)' $(PKGS)

# The packages without C, and the stub of the binding. What a release gives out is tried here: the
# first time SDKs are compiled for it.
test-nocgo:
	CGO_ENABLED=0 $(GO) test -timeout 30m $(PKGS)

# What bears on bytes, with int of 32 bits.
test-386:
	GOARCH=386 CGO_ENABLED=0 $(GO) test ./internal/coder ./internal/mix ./internal/bwt ./kvcache ./lm \
		./search ./internal/format ./internal/gram ./internal/engine ./internal/bpe ./exact ./models
	GOARCH=386 CGO_ENABLED=0 $(GO) test -run 'Golden|Format|Limits' ./stream

test-arm64:
	scripts/test-arm64

# DEVICE is the number of a device, GPUs first.
test-vulkan:
	REQUIRE_DEVICE=1 CGO_ENABLED=0 $(GO) test -count=1 ./exact/gpu

# compilers.txt says which version made what: one that does not know all shaders leaves those alone.
shaders: SHELL := bash
shaders:
	@cd exact/gpu/shaders && made=$$(./compile .) && \
		other=$$(awk 'NR == FNR { made[$$2]; next } !($$2 in made)' <(echo "$$made") compilers.txt) && \
		printf '%s\n' "$$made" $${other:+"$$other"} >compilers.txt

check-cross:
	scripts/check-cross

check-fma:
	scripts/check-fma

check-wasm:
	scripts/check-wasm

viewer:
	CGO_ENABLED=0 $(GO) run -buildvcs=false ./viewer -version '$(VERSION)' -o dist/lmz-viewer.html

test-viewer:
	TEST_VIEWER=1 CGO_ENABLED=0 $(GO) test -count=1 -timeout 15m ./viewer/... ./tools/viewer

# The time of the commit is that of all files, so that two of the same commit are the same.
dist:
	CGO_ENABLED=0 $(GO) run -buildvcs=false ./tools/dist -version '$(patsubst v%,%,$(VERSION))' \
		-time '$(shell git log -1 --format=%ct 2>/dev/null || echo 0)' -only '$(ONLY)'

# All of them take hours; MUTANTS=30 takes a sample, which SEED chooses. ONLY='^kvcache/' takes
# those whose name matches.
MUTANTS ?= 0
SEED ?= $(shell git rev-list --count HEAD 2>/dev/null || echo 1)
ONLY ?=

mutate:
	CGO_ENABLED=0 $(GO) run -buildvcs=false ./tools/mutate -n '$(MUTANTS)' -seed '$(SEED)' -only '$(ONLY)'

torture: SHELL := bash
torture: .SHELLFLAGS := -o pipefail -c
torture: setup
	LMZ_TORTURE=1 $(GOTEST) -count=1 -timeout 30m -v \
		-run 'Sweep|Recover|Restored|Behind|Passes|Verify|Killed|Race|Full|Hostile|Pipes|Live|Growing|Mutants|Scripts' \
		./stream ./salvage ./cmd/lmz/... ./llama | grep -aE '^(---|ok|FAIL|panic)|_test.go'
	$(MAKE) --no-print-directory test-kill LMZ_KILLS='$(or $(LMZ_KILLS),1000)'

# With the default -fuzzminimizetime most of the time would go into making inputs smaller.
FUZZTIME ?= 10m
FUZZTARGETS ?= $(shell grep -ro --include='*_test.go' '^func Fuzz[A-Za-z]*' . | sed 's,/[^/]*:func ,:,' | sort)

fuzz:
	@for t in $(FUZZTARGETS); do echo "$$t"; CGO_ENABLED=0 $(GO) test $${t%%:*} -run '^$$' \
		-fuzz "^$${t##*:}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x || exit 1; done

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Workers, databases and the server of S3 killed at random moments, LMZ_KILLS times (default 50).
test-kill:
	LMZ_KILLS='$(or $(LMZ_KILLS),50)' $(GO) test -count=1 -timeout 4h -v -run Killed ./jobs

lint-deploy:
	scripts/lint-deploy

lint: setup
	@test -z "$$(gofmt -l .)" || { echo 'gofmt: these files need formatting:'; gofmt -l .; exit 1; }
	$(GO) mod tidy -diff
	$(GO) -C brotli mod tidy -diff
	$(GO) -C cloud mod tidy -diff
	$(GO) -C cmd/lmz mod tidy -diff
	$(GO) -C examples mod tidy -diff
	$(GO) -C exact/gpu mod tidy -diff
	$(GO) -C jobs mod tidy -diff
	$(GO) -C tools mod tidy -diff
	$(GO) vet $(PKGS)
	$(GO) vet $(GOTAGS) $(PKGS)
	$(GO) vet -tags 'llama cloud' ./cmd/lmz
	$(GO) vet -tags share ./cmd/lmz ./jobs
	$(GO) run $(STATICCHECK) $(PKGS)
	$(GO) run $(STATICCHECK) $(GOTAGS) $(PKGS)

# Tables in Markdown. BENCH=sizes and the like give one of them; DATA is the folder with the
# benchmark files.
BENCH ?= all
DATA ?= ../shared/data/bench

bench: setup
	$(GO) run -buildvcs=false $(GOTAGS) -ldflags '$(LLAMA_GO_LDFLAGS)' ./tools/bench -data '$(DATA)' $(BENCH)

# A report in study-report/. STUDY=quick takes what is in this project and a few minutes; STUDY=rates
# and the like give one table, STUDY='quick rates' both. DATA is a folder of files, a folder in it
# for each class of them.
STUDY ?= all

study: setup
	$(GO) run -buildvcs=false $(GOTAGS) -ldflags '$(LLAMA_GO_LDFLAGS)' ./tools/study \
		$(if $(wildcard $(DATA)/*),-data '$(DATA)') $(STUDY)

# What holds the format, made anew where it differs: with a line in CHANGELOG.md for each change of
# format, and docs/FORMAT.md. A newly released model first needs its line in models/released.go and
# its card; its archives are written here, and the probes for that line are printed.
golden: setup
	@CGO_ENABLED=0 $(GO) test ./exact ./internal/format ./internal/coder ./internal/mix ./internal/bwt ./internal/cover \
		./internal/preset ./stream ./brotli ./evidence \
		-run 'Golden|Pins|Limits' -count=1 -update -v >golden.log || { cat golden.log; exit 1; }
	@$(GOTEST) ./models -run '^TestGolden$$' -count=1 -update -v >>golden.log || { cat golden.log; exit 1; }
	@[ ! -d third_party/llama.cpp-vulkan ] || LMZ_TEST_GPU=vulkan-llvmpipe-L7 $(GOTEST) ./models \
		-run '^TestGPU$$/^golden$$' -count=1 -update -v >>golden.log || { cat golden.log; exit 1; }
	@grep -h mustProbe golden.log | sort -u; grep -h '^golden: ' golden.log || echo 'golden: nothing has changed'
	@rm golden.log

test-smollm2: export LLAMA_GO_LDFLAGS := $(LLAMA_GO_LDFLAGS)
test-smollm2: setup
	scripts/test-smollm2

train-smoke: export LLAMA_GO_LDFLAGS := $(LLAMA_GO_LDFLAGS)
train-smoke: setup
	scripts/train/smoke

install: installable all share
	scripts/install-tree '$(PREFIX)'

# Who may not is told so before all is built.
installable:
	@scripts/install-tree --check '$(PREFIX)'

# What a program of another module that is built with -tags llama needs (README.md): eval "$(make -s env)"
env: setup
	@echo "export PKG_CONFIG_PATH='$(PKG_CONFIG_PATH)' CGO_LDFLAGS='$(CGO_LDFLAGS)' CGO_CPPFLAGS='$(CGO_CPPFLAGS)' GOFLAGS=\"-tags=llama '-ldflags=$(LLAMA_GO_LDFLAGS)'\""

# The manual, completions for shells, and what file(1) and desktops know archives by, made from the
# command itself.
share:
	for program in cmd/lmz jobs; do CGO_ENABLED=0 $(GO) run -buildvcs=false -tags share -ldflags '-X main.version=$(VERSION)' \
		./$$program bin/share '$(shell git log -1 --format=%ct 2>/dev/null || echo 0)' || exit 1; done

clean:
	rm -rf bin
