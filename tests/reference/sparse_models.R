# Models with empty cells, with R: a log-F(1,1) penalty as rows added to a logit (Greenland and Mansournia 2015), the same
# penalised likelihoods of ordered and multinomial logits maximised by optim, and ordinal's clm with free cuts.
# Rows are made up here; run in this folder: Rscript sparse_models.R
suppressMessages(library(ordinal))
set.seed(20151207)
n <- 300
d <- data.frame(level = sample(c("a", "b", "c"), n, TRUE, c(.6, .3, .1)), late = rbinom(n, 1, .4))
d$rung <- findInterval(rlogis(n) + .5 * d$late, c(-.5, .7, 1.8))
d$hit <- as.integer(rlogis(n) + .4 * d$late > 1)
d$hit[d$level == "c"] <- 0
d$rung[d$level == "c" & d$rung == 3] <- 2
d$way <- sample(0:2, n, TRUE)
d$way[d$level == "b" & d$way == 2] <- 1
write.csv(d, "sparse_rows.csv", row.names = FALSE, quote = FALSE)
out <- data.frame()
keep <- function(model, what, name, value) {
  out <<- rbind(out, data.frame(model = model, what = what, name = name, value = sprintf("%.10f", value)))
}
x <- model.matrix(~ level + late, d)
added <- rbind(0, 0, 0, 0, 0, 0) %*% matrix(0, 1, 4)
for (j in 1:3) added[2 * j - 1:0, j + 1] <- 1
y <- c(d$hit, rep(0:1, 3)); w <- c(rep(1, n), rep(.5, 6)); full <- rbind(x, added)
tight <- list(epsilon = 1e-14, maxit = 200)
logit <- suppressWarnings(glm.fit(full, y, w, family = binomial(), control = tight))
keep("logit", "coefficient", colnames(x), logit$coefficients)
# limits of the profile of the level without hits
top <- logit$deviance
profile <- function(b) suppressWarnings(
  glm.fit(full[, -3], y, w, offset = b * full[, 3], family = binomial(), control = tight)$deviance) - top - qchisq(.95, 1)
at <- logit$coefficients[3]
keep("logit", "limit", c("lower", "upper"), c(uniroot(profile, c(at - 30, at), tol = 1e-10)$root, uniroot(profile, c(at, at + 30), tol = 1e-10)$root))
keep("logit", "p", "levelc", pchisq(profile(0) + qchisq(.95, 1), 1, lower.tail = FALSE))

best <- function(f, start) {
  for (i in 1:20) { found <- optim(start, f, method = "BFGS", control = list(reltol = 1e-16, maxit = 5000)); start <- found$par }
  found$par
}
multi <- best(function(b) {
  eta <- cbind(0, x %*% b[1:4], x %*% b[5:8]); slopes <- b[c(2:4, 6:8)]
  -sum(eta[cbind(1:n, d$way + 1)] - log(rowSums(exp(eta)))) - sum(slopes / 2 - log1p(exp(slopes)))
}, rep(0, 8))
keep("multinomial", "coefficient", c(paste(1, colnames(x)), paste(2, colnames(x))), multi)

only <- d; only$rung[only$level == "c"] <- 0
write.csv(only["rung"], "sparse_rungs.csv", row.names = FALSE, quote = FALSE)
order <- best(function(b) {
  cuts <- cumsum(c(b[1], exp(b[2:3]))); eta <- drop(x[, -1] %*% b[4:6])
  p <- plogis(c(cuts, Inf)[only$rung + 1] - eta) - plogis(c(-Inf, cuts)[only$rung + 1] - eta)
  -sum(log(p)) - sum(b[4:6] / 2 - log1p(exp(b[4:6])))
}, c(-.5, 0, 0, 0, 0, 0))
keep("ordered", "coefficient", colnames(x)[-1], order[4:6])

held <- clm(factor(rung) ~ level, data = d)
free <- suppressWarnings(clm(factor(rung) ~ 1, nominal = ~ level, data = d, control = clm.control(maxIter = 500)))
keep("free cuts", "likelihood ratio", "level", 2 * (logLik(free) - logLik(held)))
q <- d[d$hit == 0, ]; q$days <- ceiling(exp(rnorm(nrow(q), 1 + .3 * q$late, 1.2)))
write.csv(q[c("level", "late", "days")], "sparse_days.csv", row.names = FALSE, quote = FALSE)
keep("quasi-Poisson", "coefficient", colnames(x), coef(glm(days ~ level + late, quasipoisson, q, control = tight)))
log_days <- lm(log(days) ~ level + late, q)
keep("log-normal", "coefficient", colnames(x), coef(log_days))
keep("log-normal", "spread", "all", sqrt(mean(residuals(log_days)^2)))
write.csv(out, "sparse_models.csv", row.names = FALSE, quote = FALSE)
