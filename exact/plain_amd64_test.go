//go:build amd64 && !purego

package exact

// plainVectors calls f with the plain passes over vectors if plain is set.
func plainVectors(plain bool, f func()) {
	defer func(v bool) { vectors = v }(vectors)
	vectors = vectors && !plain
	f()
}
