package main

import (
	"strconv"

	"github.com/spf13/pflag"
)

// repeated is a flag without a value that counts how often it is given. pflag's own names a value in
// help.
type repeated struct{ times *int }

func addRepeated(f *pflag.FlagSet, times *int, name, shorthand, usage string) {
	f.VarPF(repeated{times}, name, shorthand, usage).NoOptDefVal = "true"
}

func (r repeated) Type() string { return "bool" }

func (r repeated) String() string {
	if r.times == nil { // pflag asks a zero value
		return "0"
	}
	return strconv.Itoa(*r.times)
}

func (r repeated) Set(text string) error {
	on, err := strconv.ParseBool(text)
	if on {
		*r.times++
	}
	return err
}
