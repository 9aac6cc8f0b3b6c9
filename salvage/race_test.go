//go:build race

package salvage

const thin = 8 // the race detector makes everything slow: try every 8th damage
