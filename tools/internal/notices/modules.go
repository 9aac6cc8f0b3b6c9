// Package notices says which modules programs are made of, and what their licences say.
package notices

import (
	"debug/buildinfo"
	"slices"
	"strings"
)

// Module is one that is in a program.
type Module struct{ Path, Version, Sum string }

// Modules is what programs are made of: all modules of others, and Go.
type Modules struct {
	List []Module
	Go   string // version
}

// Of reads what programs themselves say.
func Of(programs []string) (Modules, error) {
	var all Modules
	for _, file := range programs {
		info, err := buildinfo.ReadFile(file)
		if err != nil {
			return all, err
		}
		all.Go = info.GoVersion
		for _, d := range info.Deps {
			if d.Replace == nil && !strings.HasPrefix(d.Path, "github.com/lmz-go/") {
				all.List = append(all.List, Module{d.Path, d.Version, d.Sum})
			}
		}
	}
	slices.SortFunc(all.List, func(a, b Module) int { return strings.Compare(a.Path+" "+a.Version, b.Path+" "+b.Version) })
	all.List = slices.Compact(all.List)
	return all, nil
}
