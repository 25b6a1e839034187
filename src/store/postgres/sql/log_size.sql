SELECT log_size FROM optin.accounts WHERE account = $1
