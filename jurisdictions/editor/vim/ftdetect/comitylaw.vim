autocmd BufNewFile,BufRead *.law setfiletype comitylaw
