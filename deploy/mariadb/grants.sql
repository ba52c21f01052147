-- What the pipeline's account may do: everything in its own databases, nothing elsewhere.
GRANT ALL PRIVILEGES ON shuyuan.* TO 'loader'@'%';
GRANT ALL PRIVILEGES ON share.* TO 'loader'@'%';
GRANT ALL PRIVILEGES ON history.* TO 'loader'@'%';
GRANT ALL PRIVILEGES ON store.* TO 'loader'@'%';
GRANT ALL PRIVILEGES ON rejected.* TO 'loader'@'%';
GRANT ALL PRIVILEGES ON ledger.* TO 'loader'@'%';
