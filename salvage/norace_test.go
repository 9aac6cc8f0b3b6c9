//go:build !race

package salvage

const thin = 1
