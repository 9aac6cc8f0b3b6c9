//go:build unix

package main

import (
	_ "embed"
	"html/template"
	"io"
	"regexp"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"pivot":  pivot,
	"svg":    svgHTML,
	"prose":  proseHTML,
	"widths": func(samples []sample) int { return min(3, len(samples)) },
}).Parse(pageHTML))

// writeHTML writes one page that needs nothing from elsewhere.
func writeHTML(w io.Writer, p *page) error { return pageTemplate.Execute(w, p) }

func svgHTML(f figure) (template.HTML, error) {
	s, err := f.svg()
	return template.HTML(s), err // labels are escaped by the canvas
}

var (
	codeMarks = regexp.MustCompile("`([^`]+)`")
	boldMarks = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	softMarks = regexp.MustCompile(`\*([^*]+)\*`)
)

// proseHTML knows of Markdown what the texts of tables use: code, bold and emphasis.
func proseHTML(s string) template.HTML {
	s = template.HTMLEscapeString(s)
	s = codeMarks.ReplaceAllString(s, "<code>$1</code>")
	s = boldMarks.ReplaceAllString(s, "<b>$1</b>")
	return template.HTML(softMarks.ReplaceAllString(s, "<em>$1</em>"))
}
