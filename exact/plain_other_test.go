//go:build !amd64 || purego

package exact

// plainVectors calls f: there are only the plain passes over vectors.
func plainVectors(_ bool, f func()) { f() }
