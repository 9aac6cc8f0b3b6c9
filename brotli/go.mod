module github.com/lmz-go/lmz/brotli

go 1.26.0

require (
	github.com/andybalholm/brotli v1.3.0
	github.com/lmz-go/lmz v0.0.0
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/cpuid/v2 v2.4.2 // indirect
	github.com/klauspost/reedsolomon v1.14.2 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace github.com/lmz-go/lmz => ..
