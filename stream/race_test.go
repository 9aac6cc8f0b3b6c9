//go:build race

package stream

const thin = 8 // the race detector makes everything slow: try every 8th damage
