package main

import (
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/lmz-go/lmz/cmd/lmz/internal/ui"
)

// walk puts in the place of folders the archives in them, whose names are written then.
func (c *grepCommand) walk(names []string) (files []string) {
	for _, name := range names {
		if info, err := os.Stat(name); name == "-" || err != nil || !info.IsDir() {
			files = append(files, name)
			continue
		}
		c.names = true
		// Also where the name is that of a link.
		err := fs.WalkDir(os.DirFS(name), ".", func(below string, d fs.DirEntry, err error) error {
			full := name + "/" + below
			if strings.HasSuffix(name, "/") {
				full = name + below
			}
			if name == "." {
				full = below
			}
			if err != nil {
				c.failed = true
				if !c.noMessages {
					c.ui.Failure(ui.InFile(path.Clean(full), err))
				}
				return nil
			}
			if d.Type().IsRegular() && strings.HasSuffix(below, suffix) {
				files = append(files, full)
			}
			return nil
		})
		if err != nil {
			c.failed = true
			c.ui.Failure(ui.InFile(name, err))
		}
	}
	return files
}
