package main

import (
	"fmt"
	"os"
	"strings"
)

// readExempt reads lines of a mutant's name, " : " and the reason why no test need notice it. A
// name ending in "*" stands for all that begin so. Every line must be of use.
func readExempt(path string, all []*mutant) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	exempt := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "//") {
			continue
		}
		name, reason, ok := strings.Cut(line, " : ")
		if !ok || reason == "" {
			return nil, fmt.Errorf("%s: no reason: %s", path, line)
		}
		prefix, wild := strings.CutSuffix(name, "*")
		used := false
		for _, m := range all {
			if n := m.name(); n == name || wild && strings.HasPrefix(n, prefix) {
				exempt[n], used = reason, true
			}
		}
		if !used {
			return nil, fmt.Errorf("%s: nothing has the name of %q", path, name)
		}
	}
	return exempt, nil
}
