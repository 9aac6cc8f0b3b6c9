//go:build share

package main

import (
	"time"

	"github.com/lmz-go/lmz/internal/manual"
)

// main writes the manual, made from the commands.
func main() {
	manual.Share(func(date time.Time) (map[string][]byte, error) {
		files := map[string][]byte{}
		root := command()
		for _, c := range append(root.Commands(), root) {
			page := manPage(c, date)
			files["man/man1/"+page.Name+".1"] = page.Format()
		}
		return files, nil
	})
}
