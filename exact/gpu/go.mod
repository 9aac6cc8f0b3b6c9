module github.com/lmz-go/lmz/exact/gpu

go 1.26.0

replace github.com/lmz-go/lmz => ../..

require github.com/lmz-go/lmz v0.0.0

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/reedsolomon v1.14.2 // indirect
	golang.org/x/sync v0.24.0 // indirect
)

require (
	github.com/ebitengine/purego v0.10.2
	github.com/klauspost/cpuid/v2 v2.4.2 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
