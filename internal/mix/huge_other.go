//go:build !linux

package mix

func huge[T any]([]T) {}
