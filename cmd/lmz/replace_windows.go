package main

import (
	"errors"
	"os"
	"os/exec"
)

// replace runs another program and ends with its exit code.
func replace(path string, args []string) error {
	c := exec.Command(path, args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := c.Run()
	var status *exec.ExitError
	if errors.As(err, &status) {
		return exitStatus(status.ExitCode())
	}
	return err
}
