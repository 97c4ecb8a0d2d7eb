/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfg_gram.y: the sentences of xl.cfg: settings, one per line or divided by
 * semicolons; values are strings, numbers and (nested) lists.
 *
 * State: none of its own; results go into the struct cfg_file.
 */
%define api.pure full
%define api.prefix {cfgp_}
%define api.location.type {int}
%define parse.error custom
%locations
%parse-param { struct cfg_file *file }
%parse-param { void *scanner }
%lex-param { void *scanner }

%code requires {
#include "cli/cfg_ast.h"

/* A location is a line: that of the first word. */
#define YYLLOC_DEFAULT(here, words, count) \
	((here) = YYRHSLOC(words, (count) ? 1 : 0))
}

%union {
	char *text;
	struct cfg_value *value;
}

%code {
int cfgl_lex(CFGP_STYPE *value, int *line, void *scanner);
#define cfgp_lex cfgl_lex

static void cfgp_error(int *line, struct cfg_file *file, void *scanner,
		       const char *msg)
{
	(void)scanner;
	cfg_complain(file, *line, "%s", msg);
}
}

%token <text> TOKEN_KEY "a key"
%token <text> TOKEN_STRING "a string"
%token <text> TOKEN_NUMBER "a number"
%token TOKEN_ADD "+="
%token TOKEN_BAD "bad input"
%token END 0 "the end"

%type <value> value items item_list

%destructor { free($$); } <text>
%destructor { cfg_value_free($$); } <value>

%%

file: settings last_setting
    ;

settings: %empty
	| settings divider
	| settings setting divider
	;

last_setting: %empty
	| setting
	;

divider: '\n'
	| ';'
	;

setting: TOKEN_KEY '=' value {
		if (cfg_assign(file, $1, $3, false, @$))
			YYABORT;
	}
	| TOKEN_KEY TOKEN_ADD value {
		if (cfg_assign(file, $1, $3, true, @$))
			YYABORT;
	}
	;

value: TOKEN_STRING { $$ = cfg_atom(CFG_STRING, $1, @$); }
	| TOKEN_NUMBER { $$ = cfg_atom(CFG_NUMBER, $1, @$); }
	| '[' newlines items ']' { $$ = $3; }
	;

items: %empty { $$ = cfg_list(NULL, @$); }
	| item_list
	| item_list ',' newlines
	;

item_list: value newlines { $$ = $1 ? cfg_list($1, @$) : NULL; }
	| item_list ',' newlines value newlines { $$ = cfg_append($1, $4); }
	;

newlines: %empty
	| newlines '\n'
	;

%%

/* "unexpected X", and what could have stood there if that is clear. */
static int yyreport_syntax_error(const yypcontext_t *ctx,
				 struct cfg_file *file, void *scanner)
{
	yysymbol_kind_t got = yypcontext_token(ctx), want[4];
	int n = yypcontext_expected_tokens(ctx, want, 4);
	int line = *yypcontext_location(ctx);
	const char *name = got == YYSYMBOL_YYEMPTY ? "nothing" :
						     yysymbol_name(got);

	(void)scanner;
	if (n == 1)
		cfg_complain(file, line, "unexpected %s, expecting %s",
			     name, yysymbol_name(want[0]));
	else
		cfg_complain(file, line, "unexpected %s", name);
	return 0;
}
