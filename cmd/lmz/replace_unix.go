//go:build unix

package main

import (
	"os"
	"syscall"
)

// replace runs another program as this process. It returns only if it cannot.
func replace(path string, args []string) error { return syscall.Exec(path, args, os.Environ()) }
