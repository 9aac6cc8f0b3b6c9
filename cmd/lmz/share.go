//go:build share

package main

import (
	_ "embed"
	"time"

	"github.com/spf13/cobra"

	"github.com/lmz-go/lmz/internal/manual"
)

// What file(1) and desktops know archives by.
var (
	//go:embed share/lmz.magic
	fileMagic []byte
	//go:embed share/lmz.xml
	mimeType []byte
)

// main writes what is installed beside the program, made from its commands.
func main() { manual.Share(share) }

func share(date time.Time) (map[string][]byte, error) {
	root := newRootCommand(newApp(nil))
	root.InitDefaultHelpCmd()
	files := map[string][]byte{"lmz/magic": fileMagic, "mime/packages/lmz.xml": mimeType}
	for name, shell := range map[string]string{
		"bash-completion/completions/lmz": "bash", "zsh/site-functions/_lmz": "zsh", "fish/vendor_completions.d/lmz.fish": "fish",
	} {
		text, err := completionScript(root, shell, true)
		if err != nil {
			return nil, err
		}
		files[name] = []byte(text)
	}
	for _, name := range []string{"unlmz", "lmzcat", "lmzgrep"} { // bash and fish look for files of these names
		files["bash-completion/completions/"+name] = []byte(". \"${BASH_SOURCE[0]%/*}/lmz\"\n")
		files["fish/vendor_completions.d/"+name+".fish"] = []byte("source (status dirname)/lmz.fish\n")
	}
	addPages(files, root, date)
	for _, name := range []string{"unlmz", "lmzcat"} {
		files["man/man1/"+name+".1"] = []byte(".so man1/lmz.1\n")
	}
	files["man/man1/lmzgrep.1"] = []byte(".so man1/lmz-grep.1\n")
	return files, nil
}

func addPages(files map[string][]byte, cmd *cobra.Command, date time.Time) {
	files["man/man1/"+manual.Name(cmd.CommandPath())+".1"] = manPage(cmd, date)
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "completion" && c.Name() != "job" { // job has its own
			addPages(files, c, date)
		}
	}
}
