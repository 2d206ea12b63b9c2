" Run by editor_vim.sh: hold the group of each token against an own reading of the file.

set nocompatible
execute 'set runtimepath^=' . fnameescape($COMITY_SOURCE . '/jurisdictions/editor/vim')
filetype on
syntax on

let s:passed = 0
let s:said = []
let s:failed = 0

function s:Check(line, column, want, what)
  let l:got = synIDattr(synID(a:line, a:column, 1), 'name')
  if l:got ==# a:want
    let s:passed += 1
    return
  endif
  let s:failed += 1
  if s:failed < 40
    call add(s:said, expand('%:t') . ':' . a:line . ':' . a:column . ': ' . a:what . ' is "' . l:got . '", not "' . a:want . '"')
  endif
endfunction

" The tokens of the buffer: texts may span lines. Of a rule's tests the first: the others are spelt
" alike, and there are thousands.
function s:File()
  let l:inside = 0
  let l:tests = 0
  for l:line in range(1, line('$'))
    let l:text = getline(l:line)
    if l:text =~# '^  test '
      let l:tests += 1
    elseif l:text =~# '^end'
      let l:tests = 0
    endif
    if l:tests > 1
      continue
    endif
    let l:at = 0
    while 1
      " On to where a token begins: a blank or a mark has no group that is asked for.
      let l:at = l:inside ? l:at : match(l:text, '[A-Za-z_0-9"#]', l:at)
      if l:at < 0 || l:at >= len(l:text)
        break
      endif
      let l:rest = strpart(l:text, l:at)
      if l:inside || l:rest[0] ==# '"'
        let l:end = stridx(l:rest, '"', l:inside ? 0 : 1)
        call s:Check(l:line, l:at + 1, l:rest =~# '^{\k\+}' ? 'comityPlaceholder' : 'comityString', 'a text')
        let l:inside = l:end < 0
        let l:at += l:end < 0 ? len(l:rest) : l:end + 1
        continue
      endif
      if l:rest[0] ==# '#'
        call s:Check(l:line, l:at + 1, 'comityComment', 'a comment')
        break
      endif
      let l:date = matchstr(l:rest, '^\d\{4}-\d\d-\d\d')
      if l:date !=# ''
        call s:Check(l:line, l:at + 1, 'comityDate', l:date)
        let l:at += len(l:date)
      else
        let l:word = matchstr(l:rest, '^[A-Za-z_0-9]\+\%([.-][A-Za-z_0-9]\+\)*')
        let l:before = strpart(l:text, 0, l:at)
        if l:before =~# '^rule\s\+$'
          call s:Check(l:line, l:at + 1, 'comityItemName', l:word)
        elseif l:before =~# '^\s*\%(defeats\|subject\s\+to\)\s\+$\|\<expect\s\+\%(defeated\s\+by\|conflict\s\+with\)\s\+$'
          call s:Check(l:line, l:at + 1, 'comityRuleReference', l:word)
        elseif l:before =~# '^\s*effect\s\+$'
          call s:Check(l:line, l:at + 1, {'permits': 'comityPermits', 'requires': 'comityRequires', 'forbids': 'comityForbids', 'needs-human': 'comityHuman'}[l:word], l:word)
        elseif l:before =~# '^\s*test\s*$' || (l:word ==# 'test' && l:before =~# '^\s*$')
          call s:Check(l:line, l:at + 1, 'comityTest', l:word)
        elseif l:word ==# 'end' && l:before ==# ''
          call s:Check(l:line, l:at + 1, 'comityItem', l:word)
        endif
        let l:at += len(l:word)
      endif
    endwhile
  endfor
  " Whatever is open at the end of a file would swallow what is typed behind it.
  call append(line('$'), 'rule')
  call s:Check(line('$'), 1, 'comityItem', 'what follows the end')
endfunction

let s:files = glob($COMITY_SOURCE . '/jurisdictions/law/**/*.law', 0, 1) + glob($COMITY_SOURCE . '/tests/golden/manual/*.law', 0, 1)
for s:name in s:files
  execute 'edit!' fnameescape(s:name)
  setlocal noswapfile
  syntax sync fromstart
  call s:File()
endfor
call add(s:said, s:passed . ' passed, ' . s:failed . ' failed')
call writefile(s:said, $COMITY_OUT)
quitall!
