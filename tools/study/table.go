//go:build unix

package main

// table is a part of the study: one question, measured.
type table struct {
	name    string
	title   string
	about   string // what is measured, on what, and what the field says of it; Markdown
	seconds [2]int // that the quick and the full run take on two cores, about: for the estimate
	run     func(*study) (*report, error)
}

// tables are in the order of the report.
var tables = []*table{
	ratesTable,
	windowsTable,
	weightsTable,
	directionsTable,
	levelsTable,
	redundancyTable,
	ranksTable,
	generatedTable,
	predictionTable,
	distillationTable,
	smollm2Table,
}

// report is what a table yields.
type report struct {
	Rows    []row
	Figures []figure
	Samples []sample
	Skipped []string // what could not be measured, and what to do about it
}

// row is one figure. Rows of the same part and name are one line of a printed table, in which each
// measure has a column.
type row struct {
	Part      string // heading within the table, as "text"; may be empty
	Name      string // what was measured, as "gzip -9"
	Measure   string // which figure of it, as "whole files"
	Published string // by others, with their source, as "32.3 (2309.10668, enwik9)"; may be empty
	Ours      float64
	Unit      string
	Command   string // that gives the figure again
	Note      string
}

func (r *report) add(rows ...row) { r.Rows = append(r.Rows, rows...) }

func (r *report) skip(why string) { r.Skipped = append(r.Skipped, why) }

// sample is a text to look at, shown side by side with others.
type sample struct {
	Title, Text string
}

// section is a table that has been measured.
type section struct {
	*table
	*report
}

// Name and the like are for templates.
func (s section) Name() string  { return s.table.name }
func (s section) Title() string { return s.table.title }
func (s section) About() string { return s.table.about }
