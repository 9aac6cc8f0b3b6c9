//go:build unix

package main

// runChild does the work of a child process, if this is one.
func runChild() bool { return false }
