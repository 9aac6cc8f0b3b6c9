//go:build !windows

// Package folder makes what is in folders durable, and knows what in them is not finished.
package folder

import "os"

// Sync makes the names in a folder durable.
func Sync(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
