module github.com/lmz-go/lmz/tools

go 1.26.0

require (
	github.com/flanglet/kanzi-go/v2 v2.6.0
	github.com/google/renameio/v2 v2.0.2
	github.com/lmz-go/lmz v0.0.0
	golang.org/x/sync v0.24.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/cpuid/v2 v2.4.2 // indirect
	github.com/klauspost/reedsolomon v1.14.2 // indirect
	github.com/tetratelabs/wazero v1.12.0 // indirect
)

replace github.com/lmz-go/lmz => ..

tool github.com/tetratelabs/wazero/cmd/wazero
