//go:build !race

package stream

const thin = 1
