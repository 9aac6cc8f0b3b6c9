package main

import "syscall"

// raise does nothing: there are no signals that a process could die of, and its exit code tells.
func raise(syscall.Signal) {}
