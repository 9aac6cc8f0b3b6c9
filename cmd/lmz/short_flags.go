package main

import (
	"strings"

	"github.com/spf13/pflag"
)

// shortFlags gives of each argument how many of its bytes are a minus sign and short flags: 0 where
// it is something else, such as the value of the flag in front of it.
func shortFlags(flags *pflag.FlagSet, args []string) []int {
	letters := make([]int, len(args))
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' {
			continue
		}
		if arg[1] == '-' {
			name, _, has := strings.Cut(arg[2:], "=")
			if f := flags.Lookup(name); f != nil && f.NoOptDefVal == "" && !has {
				i++ // over its value
			}
			continue
		}
		at := i
		for j := 1; j < len(arg); j++ {
			f := flags.ShorthandLookup(arg[j : j+1])
			if f == nil {
				break
			}
			letters[at] = j + 1
			if f.NoOptDefVal == "" {
				if j == len(arg)-1 {
					i++
				}
				break
			}
		}
	}
	return letters
}
